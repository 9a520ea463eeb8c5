import { TAG_BEACON, TAG_SYNC, TAG_URL } from '../../wire/constants.ts';
import { addProof, proveCompact } from '../compact.ts';
import type { Context, Target } from '../context.ts';
import { rebuild } from '../fetch.ts';
import { contentDigest } from '../payload.ts';
import { type Call, draft } from '../proof.ts';
import { hmac, sha256 } from '../hmac.ts';
import type { Use, XhrNatives } from '../xhr.ts';
import { headerOf, methodOf } from '../xhr-call.ts';

/**
 * Calls that cannot wait for a signature: the page is going away (Firefox loses a call after one awaited step), or
 * the caller blocks on a synchronous XMLHttpRequest (docs/protocol.md §3.9).
 */

/** Header fields by the synchronous key; undefined where the policy, the entry or the body does not allow it. */
function fieldsNow(
  { door }: Context,
  { url, route }: Target,
  method: string,
  header: Call['header'],
  body: unknown,
  kind: 'beacon' | 'sync',
): Record<string, string> | undefined {
  const entry = route.sync?.includes(kind) ? door.current() : undefined;
  const bytes = bytesOf(body);
  if (!entry?.syncKey || (!bytes && route.body !== 'unsigned')) return undefined;
  const digest = bytes?.length && route.body !== 'unsigned' ? contentDigest(sha256(bytes)) : undefined;
  const call = { method, url, header, digest, signed: route.signed };
  const { base, finish } = draft(door, entry, call, kind === 'sync' ? TAG_SYNC : TAG_BEACON);
  return finish(hmac(entry.syncKey, base));
}

/** The bytes of a body as they will be sent, where they can be had at once. */
function bytesOf(body: unknown): Uint8Array | undefined {
  if (body === null || body === undefined) return new Uint8Array();
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (typeof body === 'string' || body instanceof URLSearchParams) return new TextEncoder().encode(`${body}`);
  return undefined;
}

/** Sends a keepalive request at once; undefined where it has to go the usual way. */
export function keepaliveNow(
  context: Context,
  target: Target,
  request: Request,
  body: unknown,
): Promise<Response> | undefined {
  const headers = new Headers(request.headers);
  const fields =
    request.keepalive && fieldsNow(context, target, request.method, (name) => headers.get(name), body, 'beacon');
  if (!fields) return undefined;
  for (const name in fields) headers.set(name, fields[name] ?? '');
  return context.platform.fetch(rebuild(request, headers, undefined));
}

/** The real `send` of a synchronous XMLHttpRequest. */
export function sendNow(context: Context, natives: XhrNatives, xhr: XMLHttpRequest, use: Use, body: unknown): void {
  let sent = body;
  const text = typeof body === 'string';
  if (text || body instanceof URLSearchParams) {
    // As bytes, so that nothing rewrites the Content-Type that is signed.
    sent = new TextEncoder().encode(`${body}`);
    use.type ??= `${text ? 'text/plain' : 'application/x-www-form-urlencoded'};charset=UTF-8`;
  }
  if (use.type !== null) natives.setRequestHeader.call(xhr, 'content-type', use.type);
  const fields = fieldsNow(context, use.target, methodOf(use), headerOf(use), sent, 'sync') ?? {};
  for (const name in fields) natives.setRequestHeader.call(xhr, name, fields[name] ?? '');
  Reflect.apply(natives.send, xhr, [sent]);
}

/** The same address with a proof in its query. Rejects with Error where there is no entry to sign with. */
export async function signUrl({ door }: Context, address: string | URL): Promise<string> {
  const url = new URL(address, self.document?.baseURI ?? self.location.href);
  const entry = await door.ready();
  const key = entry?.syncKey;
  if (!key) throw new Error("no entry whose key may sign addresses: is a route marked `sync: ['url']`?");
  const proof = await proveCompact((base) => hmac(key, base), door, entry, url, TAG_URL);
  addProof(url, proof);
  return url.href;
}
