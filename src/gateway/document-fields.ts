import { EVERYBODY } from '../guard/rollout.ts';
import type { Policy } from '../guard/policy.ts';
import { fieldOf, joinedFieldOf, withField } from './fieldlist.ts';

/** A security header that enforce mode adds to documents where the backend sends none. */
export interface DocumentField {
  readonly name: string;
  readonly value: string;
}

const NOSNIFF: DocumentField = { name: 'X-Content-Type-Options', value: 'nosniff' };
// What browsers assume anyway; older ones assumed more.
const REFERRER: DocumentField = { name: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' };
const FRAMES: DocumentField = { name: 'X-Frame-Options', value: 'SAMEORIGIN' };
/**
 * Never by default: a login in a pop-up window that comes back to a page of this site would lose its opener, because
 * the page it comes from has another policy (HTML §7.1.3.1).
 */
const OPENER: DocumentField = { name: 'Cross-Origin-Opener-Policy', value: 'same-origin-allow-popups' };

/**
 * What `securityHeaders` comes to. Pages that other listed origins may call from are taken to be shown there as well,
 * so `standard` leaves their frames alone.
 */
export function documentFieldsOf({ config, clients }: Policy): readonly DocumentField[] {
  const elsewhere = [...clients.values()].some(
    ({ origins, originPatterns }) => origins.size + originPatterns.length > 0,
  );
  switch (config.securityHeaders ?? 'standard') {
    case 'none':
      return [];
    case 'frameable':
      return [NOSNIFF, REFERRER];
    case 'standard':
      return elsewhere ? [NOSNIFF, REFERRER] : [NOSNIFF, REFERRER, FRAMES];
    case 'isolated':
      return [NOSNIFF, REFERRER, FRAMES, OPENER];
  }
}

/** Those that an answer lacks. Its own always hold, whatever they say. */
export function missingFields(wanted: readonly DocumentField[], fields: readonly string[]): DocumentField[] {
  return wanted.filter((field) => {
    if (fieldOf(fields, field.name.toLowerCase()) !== '') return false;
    // Without a type the browser has to look for itself.
    if (field === NOSNIFF) return fieldOf(fields, 'content-type') !== '';
    return (
      field !== FRAMES || !/(?:^|[;,])\s*frame-ancestors\b/i.test(joinedFieldOf(fields, 'content-security-policy'))
    );
  });
}

/** Whether enforce mode keeps a page with these fields out of other sites' frames, which its backend does not. */
export function closesFrames(policy: Policy, fields: readonly string[]): boolean {
  return missingFields(documentFieldsOf(policy), fields).includes(FRAMES);
}

/**
 * The same field lines, and in enforce mode the security headers that are missing. Not for 304: a backend need not repeat
 * its own there, and ours would replace what the browser keeps with the page (RFC 9111 §4.3.4).
 */
export function withDocumentFields(policy: Policy, fields: readonly string[]): string[] {
  // Pages are the same for everybody: what they are to carry comes with the last step of a roll-out.
  if (policy.mode !== 'enforce' || policy.rollout !== EVERYBODY) return [...fields];
  let out = [...fields];
  for (const { name, value } of missingFields(documentFieldsOf(policy), fields)) out = withField(out, name, value);
  return out;
}
