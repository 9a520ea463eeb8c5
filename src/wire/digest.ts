import { fromBase64 } from '../lib/base64url.ts';

/**
 * Digest fields (RFC 9530 §2) as this protocol takes them: SHA-256 decides. `Sallyport-Digest` has the same form;
 * its hash is over the digests of the body's slices (docs/protocol.md §3.6).
 */

const ONLY_SHA256 = /^sha-256=:([A-Za-z0-9+/]{43}=):$/;
const MEMBER = /^(sha-256|sha-512)=:([A-Za-z0-9+/]+={0,2}):$/;

/** Value of Content-Digest or Sallyport-Digest for the base64 of a SHA-256. */
export function formatContentDigest(base64: string): string {
  return `sha-256=:${base64}:`;
}

/**
 * The base64 of the SHA-256 in such a field; null where it is missing, repeated or not canonical, or where anything
 * but `sha-512` stands beside it: md5, sha and the like are refused, not ignored (RFC 9530 §5).
 */
export function contentDigestText(field: string): string | null {
  if (field.length > 512) return null;
  const only = ONLY_SHA256.exec(field);
  const text = only === null ? fromSeveral(field) : (only[1] ?? '');
  return text !== null && /[AEIMQUYcgkosw048]=$/.test(text) ? text : null;
}

function fromSeveral(field: string): string | null {
  const found = new Map<string, string>();
  for (const member of field.split(',')) {
    const match = MEMBER.exec(member.replace(/^[ \t]+|[ \t]+$/g, ''));
    const bytes = fromBase64(match?.[2] ?? '');
    const name = match?.[1] ?? '';
    if (bytes === null || bytes.length !== (name === 'sha-512' ? 64 : 32) || found.has(name)) return null;
    found.set(name, match?.[2] ?? '');
  }
  return found.get('sha-256') ?? null;
}

/** The 32 bytes of the SHA-256 in a Content-Digest field; null as {@link contentDigestText}. */
export function parseContentDigest(field: string): Uint8Array<ArrayBuffer> | null {
  const text = contentDigestText(field);
  return text === null ? null : fromBase64(text);
}

/** The same for Sallyport-Digest. */
export const parseSallyportDigest = parseContentDigest;
/** The same for Sallyport-Digest. */
export const formatSallyportDigest = formatContentDigest;
