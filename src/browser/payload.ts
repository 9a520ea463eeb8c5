import { formatContentDigest } from '../wire/digest.ts';
import { toBase64 } from './base64.ts';
import type { Context } from './context.ts';
import type { Digest } from './proof.ts';

/** A body whose bytes stand still: what is digested is what is sent, as often as it is sent. */
export type Payload = ArrayBuffer | Blob;

/** FormData that holds files is serialised here: its bytes must be known, and need not be in memory at once. */
export function hasFiles(body: unknown): body is FormData {
  return body instanceof FormData && [...body.values()].some((value) => typeof value !== 'string');
}

/** Digest field of a body; undefined for an empty one (docs/protocol.md §3.6). */
export async function digestOf({ platform, config, chunks }: Context, payload: Payload): Promise<Digest | undefined> {
  const blob = payload instanceof Blob;
  const size = blob ? payload.size : payload.byteLength;
  if (!size) return undefined;
  if (size > config.whole) {
    const { digestSlices } = await chunks('body');
    return digestSlices(platform.subtle, blob ? payload : new Blob([payload]), config.slice);
  }
  const bytes = blob ? await payload.arrayBuffer() : payload;
  return contentDigest(await platform.subtle.digest('SHA-256', bytes));
}

export function contentDigest(hash: ArrayBuffer | Uint8Array<ArrayBuffer>): Digest {
  return { name: 'content-digest', value: formatContentDigest(toBase64(hash)) };
}
