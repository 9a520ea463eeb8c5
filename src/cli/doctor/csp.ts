/**
 * Whether a page's Content-Security-Policy lets our script load and reach the mount (CSP Level 3). Only what our
 * script needs is understood: an external classic script of a known address, and connections to the own origin.
 */

export interface CspQuestion {
  /** Address of the script as the page names it, absolute. */
  readonly script: string;
  /** Nonce on our script tag; '' for none. */
  readonly nonce: string;
  /** Address the script connects to, absolute. */
  readonly connect: string;
  /** Address of the page. */
  readonly page: string;
}

export interface CspAnswer {
  /** Directive that stands in the way, as it reads; '' where none does. */
  readonly script: string;
  readonly connect: string;
}

type Directives = ReadonlyMap<string, readonly string[]>;

/** @param policies values of Content-Security-Policy fields; several in one value are separated by commas (§5.2) */
export function askCsp(policies: readonly string[], question: CspQuestion): CspAnswer {
  let script = '';
  let connect = '';
  for (const policy of policies.flatMap((value) => value.split(',')).map(parsePolicy)) {
    const scripts = governing(policy, ['script-src-elem', 'script-src', 'default-src']);
    if (script === '' && scripts !== null && !admitsScript(scripts.sources, question)) script = scripts.text;
    const connections = governing(policy, ['connect-src', 'default-src']);
    if (connect === '' && connections !== null && !matchesAny(connections.sources, question.connect, question.page)) {
      connect = connections.text;
    }
  }
  return { script, connect };
}

/** A further address that a page has to let in. */
export interface Load {
  readonly directive: 'script-src' | 'frame-src' | 'style-src' | 'connect-src' | 'worker-src';
  /** Absolute. */
  readonly address: string;
}

/** Directives that speak where one is absent, in order (§6.8.3). */
const FALLBACKS: Readonly<Record<Load['directive'], readonly string[]>> = {
  'script-src': ['script-src-elem', 'script-src', 'default-src'],
  'frame-src': ['frame-src', 'child-src', 'default-src'],
  'style-src': ['style-src-elem', 'style-src', 'default-src'],
  'connect-src': ['connect-src', 'default-src'],
  'worker-src': ['worker-src', 'child-src', 'script-src', 'default-src'],
};

/** The directive that keeps a page from loading this, as it reads; '' where none does. */
export function refusedLoad(
  policies: readonly string[],
  { directive, address }: Load,
  { page, nonce }: Pick<CspQuestion, 'page' | 'nonce'>,
): string {
  for (const policy of policies.flatMap((value) => value.split(',')).map(parsePolicy)) {
    const found = governing(policy, FALLBACKS[directive]);
    if (found === null) continue;
    const admitted =
      directive === 'script-src'
        ? admitsScript(found.sources, { script: address, nonce, page })
        : matchesAny(found.sources, address, page);
    if (!admitted) return found.text;
  }
  return '';
}

/** The first of a directive's occurrences counts (§2.2.1). */
function parsePolicy(policy: string): Directives {
  const directives = new Map<string, readonly string[]>();
  for (const directive of policy.split(';')) {
    const [name = '', ...sources] = directive.trim().split(/[\t\n\f\r ]+/);
    if (name !== '' && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources);
  }
  return directives;
}

interface Governing {
  readonly sources: readonly string[];
  readonly text: string;
}

function governing(policy: Directives, names: readonly string[]): Governing | null {
  for (const name of names) {
    const sources = policy.get(name);
    if (sources !== undefined) return { sources, text: [name, ...sources].join(' ') };
  }
  return null;
}

/** Nonces count before hosts; with strict-dynamic hosts do not count at all (§6.7.1.1, §8.2). */
function admitsScript(sources: readonly string[], { script, nonce, page }: Omit<CspQuestion, 'connect'>): boolean {
  const lower = sources.map((source) => source.toLowerCase());
  if (nonce !== '' && sources.includes(`'nonce-${nonce}'`)) return true;
  if (lower.includes("'strict-dynamic'")) return false;
  return matchesAny(sources, script, page);
}

function matchesAny(sources: readonly string[], address: string, page: string): boolean {
  const url = new URL(address);
  const self = new URL(page);
  return sources.some((source) => matches(source.toLowerCase(), url, self));
}

/** One source expression against an address (§6.7.2.8). */
function matches(source: string, url: URL, self: URL): boolean {
  if (source === "'self'") return url.host === self.host && upgradable(self.protocol, url.protocol);
  if (source.startsWith("'")) return false;
  if (source === '*') return url.protocol === 'http:' || url.protocol === 'https:' || url.protocol === self.protocol;
  if (/^[a-z][a-z0-9+.-]*:$/.test(source)) return upgradable(source, url.protocol);
  const parts = /^(?:([a-z][a-z0-9+.-]*:)\/\/)?(\*|(?:\*\.)?[^:/?#*]+)(?::(\d+|\*))?(\/[^?#]*)?$/.exec(source);
  if (parts === null) return false;
  const [, scheme = self.protocol, host = '', port = '', path = ''] = parts;
  return (
    upgradable(scheme, url.protocol) &&
    matchesHost(host, url.hostname) &&
    matchesPort(port, url) &&
    matchesPath(path, url.pathname)
  );
}

/** A source for http admits https as well, never the other way round. */
const upgradable = (allowed: string, actual: string): boolean =>
  allowed === actual || (allowed === 'http:' && actual === 'https:');

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : pattern === host;
}

function matchesPort(port: string, url: URL): boolean {
  const actual = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (port === '*') return true;
  return port === '' ? url.port === '' : port === actual;
}

function matchesPath(path: string, actual: string): boolean {
  if (path === '' || path === '/') return true;
  return path.endsWith('/') ? actual.startsWith(path) : actual === path;
}
