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
export async function digestOf(context: Context, payload: Payload): Promise<Digest | undefined> {
  const { platform, config, chunks } = context;
  if (payload instanceof Blob || payload.byteLength > config.whole)
    return (await chunks('body')).digestBlob(context, new Blob([payload]));
  return payload.byteLength ? contentDigest(await platform.subtle.digest('SHA-256', payload)) : undefined;
}

export function contentDigest(hash: ArrayBuffer | Uint8Array<ArrayBuffer>): Digest {
  return { name: 'content-digest', value: formatContentDigest(toBase64(hash)) };
}
