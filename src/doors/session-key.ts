import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { EntryRequest } from '../wire/entry.ts';
import { sessionProof } from '../wire/entry.ts';

/** The key that a bound session owns, on the server's side (docs/protocol.md §2.4). */

/** SHA-256 of a public key's 65 bytes, base64url: what the session cookie holds. */
export function thumbprint(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('base64url');
}

export interface KeyProofFacts {
  readonly pageKey: Uint8Array;
  readonly origin: string;
  readonly client: string;
}

/**
 * Whether the request's session key signed this entry into a session with one of these labels. False for a key that
 * is no point of P-256. Costs about as much as twenty admissions: asked only where a bound session or a grant came too.
 */
export function provesKey(
  session: NonNullable<EntryRequest['session']>,
  facts: KeyProofFacts,
  labels: readonly string[],
): boolean {
  const key = toPublicKey(session.key);
  if (key === null) return false;
  return labels.some((label) =>
    verify('sha256', sessionProof({ ...facts, session: label }), { key, dsaEncoding: 'ieee-p1363' }, session.signature),
  );
}

function toPublicKey(point: Uint8Array): KeyObject | null {
  const half = (from: number): string => Buffer.from(point.subarray(from, from + 32)).toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: half(1), y: half(33) }, format: 'jwk' });
  } catch {
    return null;
  }
}
