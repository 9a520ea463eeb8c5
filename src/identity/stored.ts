import type { SessionRef } from '../guard/state.ts';
import type { StoredLogin } from './source.ts';
import type { Vault } from './vault.ts';

/**
 * A login as it lies in records, in two seals. The first says where the session is and opens by the gate's secret, so
 * that a logout at the provider can end it; the second holds subject and tokens and opens only together with the
 * session's id, which records never see.
 */
export interface SealedLogin {
  readonly stored: StoredLogin;
  readonly ref: SessionRef;
}

const REF_BYTES = 12;
/** Longest login in bytes of JSON: some tokens are long, but no record is to grow without end. */
export const LONGEST_STORED = 64 * 1024;

/** Throws RangeError for a login beyond {@link LONGEST_STORED}. */
export function sealStored(vault: Vault, session: string, hash: string, { stored, ref }: SealedLogin): Buffer {
  const content = Buffer.from(JSON.stringify(stored));
  if (content.length > LONGEST_STORED) throw new RangeError('a login of more than 64 KiB: ask for fewer claims');
  const place = Buffer.alloc(REF_BYTES);
  place.writeUInt32BE(ref.place, 0);
  place.writeUInt32BE(ref.idHigh, 4);
  place.writeUInt32BE(ref.idLow, 8);
  const sealedPlace = vault.seal('session place', hash, place);
  const sealed = vault.seal('login', session, content);
  return Buffer.concat([Buffer.of(sealedPlace.length), sealedPlace, sealed]);
}

/** Null for what was not sealed here. */
export function readStored(vault: Vault, session: string, hash: string, content: Uint8Array): SealedLogin | null {
  const ref = readRef(vault, hash, content);
  const opened = vault.open('login', session, content.subarray(1 + (content[0] ?? 0)));
  if (ref === null || opened === null) return null;
  // What opens was written by sealStored: the seal vouches for its shape.
  const stored: StoredLogin = JSON.parse(opened.toString());
  return { stored, ref };
}

/** Where the session of a login lies. */
export function readRef(vault: Vault, hash: string, content: Uint8Array): SessionRef | null {
  const place = vault.open('session place', hash, content.subarray(1, 1 + (content[0] ?? 0)));
  if (place === null || place.length !== REF_BYTES) return null;
  return { place: place.readUInt32BE(0), idHigh: place.readUInt32BE(4), idLow: place.readUInt32BE(8) };
}
