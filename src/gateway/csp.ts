/** What a page's own Content-Security-Policy asks of a script tag that is added to it (CSP Level 3). */

const NONCE = /^'nonce-([A-Za-z0-9+/_-]+={0,2})'$/i;

/**
 * The nonce that scripts of this page carry; '' where its policies use none. The value is safe inside an attribute.
 * Several policies with different nonces cannot be met by one tag; the first is taken, and `doctor` reports such pages.
 *
 * @param policies values of Content-Security-Policy, joined by commas where there are several
 */
export function scriptNonce(policies: string): string {
  for (const policy of policies.split(',')) {
    for (const source of scriptSources(policy)) {
      const nonce = NONCE.exec(source)?.[1];
      if (nonce !== undefined) return nonce;
    }
  }
  return '';
}

/** Sources of the directive that governs script elements: script-src-elem, else script-src, else default-src (§6.8.4). */
function scriptSources(policy: string): readonly string[] {
  const directives = new Map<string, readonly string[]>();
  for (const directive of policy.split(';')) {
    const [name = '', ...sources] = directive.trim().split(/[\t\n\f\r ]+/);
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources);
  }
  return directives.get('script-src-elem') ?? directives.get('script-src') ?? directives.get('default-src') ?? [];
}
