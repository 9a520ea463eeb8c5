import { parseStrictObject } from '../../lib/strict-json.ts';
import { Fault, fault, quote } from './fault.ts';

/** A signed token taken apart, of which nothing has been verified. */
export interface Compact {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** `header.payload`, as it was signed. */
  readonly signed: string;
}

/** Longest token that is looked at, in characters. Proxies and servers take little more in one header. */
export const MAX_TOKEN = 8192;

/** Parts of a compact form (RFC 7515 §7.1, RFC 7516 §7.1): three signed, five encrypted; else null. */
export function splitToken(token: string): readonly string[] | null {
  if (token.length > MAX_TOKEN) return null;
  const parts = token.split('.', 6);
  return parts.length === 3 || parts.length === 5 ? parts : null;
}

/**
 * Header of a signed or encrypted token, before anything else is done with it. What it says about keys (`jku`, `x5u`,
 * `jwk`, `x5c`) is not read at all: a token does not say by which key it is good (RFC 8725 §3.10).
 */
export function readHeader(part: string): Readonly<Record<string, unknown>> | Fault {
  const header = readObject(part);
  if (header === null) return fault('header: not one JSON object in base64url with members of different names');
  const { crit, b64, zip, kid, typ } = header;
  if (crit !== undefined) return fault(`crit: extensions are not known here, ${quote(crit)}`);
  if (b64 !== undefined) return fault('b64: payloads are base64url');
  if (zip !== undefined) return fault('zip: nothing compressed is taken');
  if (kid !== undefined && !(typeof kid === 'string' && /^[\x20-\x7e]{1,256}$/.test(kid))) {
    return fault(`kid: not 1 to 256 characters of ASCII, ${quote(kid)}`);
  }
  if (typ !== undefined && typeof typ !== 'string') return fault(`typ: not text, ${quote(typ)}`);
  return header;
}

/** A signed token's header and claims. */
export function readSigned(token: string, parts: readonly string[]): Compact | Fault {
  const [head = '', payload = '', signature = ''] = parts;
  const header = readHeader(head);
  if (header instanceof Fault) return header;
  const claims = readObject(payload);
  if (claims === null) return fault('claims: not one JSON object in base64url with members of different names');
  if (!isCanonical(signature)) return fault('signature: not base64url');
  return { header, claims, signed: token.slice(0, head.length + 1 + payload.length) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readObject(part: string): Readonly<Record<string, unknown>> | null {
  if (!isCanonical(part)) return null;
  let text: string;
  try {
    text = utf8.decode(Buffer.from(part, 'base64url'));
  } catch {
    return null;
  }
  return parseStrictObject(text);
}

/** Whether this is the one spelling of its bytes: base64url without padding or stray bits (RFC 4648 §3.5). */
export function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}
