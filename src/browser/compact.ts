import { PROOF_PARAMETER, type Tag } from '../wire/constants.ts';
import { COMPACT_COMPONENTS, formatCompactProof } from '../wire/signature.ts';
import { toBase64 } from './base64.ts';
import type { Door, Entry } from './door.ts';
import { draft } from './proof.ts';

/** A proof in one token over a GET without body: for sockets, and by the synchronous key for addresses. */
export async function proveCompact(
  sign: (message: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  door: Door,
  entry: Entry,
  url: URL,
  tag: Tag,
): Promise<string> {
  const call = { method: 'GET', url, header: () => null, digest: undefined, signed: undefined };
  const { base, created, nonce } = draft(door, entry, call, tag);
  const proof = { components: COMPACT_COMPONENTS, created, nonce, keyid: entry.ticket, tag };
  return formatCompactProof(proof, toBase64(await sign(base)));
}

/** Puts a proof into an address's query, every other byte as it was. */
export function addProof(url: URL, proof: string): void {
  url.search += `${url.search ? '&' : '?'}${PROOF_PARAMETER}=${proof}`;
}
