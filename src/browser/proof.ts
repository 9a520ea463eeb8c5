import { utf8 } from '../lib/bytes.ts';
import { TAG, type Tag } from '../wire/constants.ts';
import {
  COMPACT_COMPONENTS,
  formatCompactProof,
  formatSignature,
  formatSignatureInput,
  formatSignatureParams,
  requiredComponents,
  type SignedMessage,
  signatureBase,
} from '../wire/signature.ts';
import { toBase64 } from './base64.ts';
import type { Door, Entry } from './door.ts';
import type { Platform } from './platform.ts';

/** What a proof is made over, before the digest and the counter are known. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  /** Value of a header that the call carries, null where it carries none. */
  readonly header: (name: string) => string | null;
  /** Digest field of the body, if it has one. */
  readonly digest: Digest | undefined;
  /** Further fields that policy wants covered. */
  readonly signed: readonly string[] | undefined;
}

export interface Digest {
  readonly name: 'content-digest' | 'sallyport-digest';
  readonly value: string;
}

/** A proof that lacks only its signature. */
interface Draft {
  readonly base: Uint8Array<ArrayBuffer>;
  /** Header fields for the base64 of the signature. */
  readonly finish: (signature: string) => Record<string, string>;
}

/** Takes a counter and writes what is to be signed. */
export function draft(door: Door, entry: Entry, call: Call, tag: Tag): Draft {
  const { method, url, header, digest, signed = [] } = call;
  const message = messageOf(entry, method, url, header, digest);
  const proof = {
    components: requiredComponents({
      contentType: header('content-type') !== null,
      digest: digest?.name ?? '',
      authorization: header('authorization') !== null,
      signed,
    }),
    created: door.seconds(),
    nonce: ++entry.counter,
    keyid: entry.ticket,
    tag,
  };
  return {
    base: utf8(signatureBase(message, proof.components, formatSignatureParams(proof)) ?? ''),
    finish: (signature) => ({
      ...(digest && { [digest.name]: digest.value }),
      'signature-input': formatSignatureInput(proof),
      signature: formatSignature(signature),
    }),
  };
}

function messageOf(entry: Entry, method: string, url: URL, header: Call['header'], digest?: Digest): SignedMessage {
  const value = digest?.value ?? '';
  return {
    method,
    authority: entry.authority,
    path: url.pathname,
    query: url.search,
    contentType: header('content-type') ?? '',
    contentDigest: value,
    sallyportDigest: value,
    authorization: header('authorization') ?? '',
    field: header,
  };
}

/** Header fields of an ordinary proof. */
export async function prove(platform: Platform, door: Door, entry: Entry, call: Call): Promise<Record<string, string>> {
  const { base, finish } = draft(door, entry, call, TAG);
  return finish(toBase64(await platform.subtle.sign('HMAC', entry.proofKey, base)));
}

/** A proof in one token over a GET without body: for sockets, and by the synchronous key for URLs. */
export async function proveCompact(
  sign: (message: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  door: Door,
  entry: Entry,
  url: URL,
  tag: Tag,
): Promise<string> {
  const proof = { components: COMPACT_COMPONENTS, created: door.seconds(), nonce: ++entry.counter, keyid: entry.ticket, tag };
  const message = messageOf(entry, 'GET', url, () => null);
  const base = utf8(signatureBase(message, COMPACT_COMPONENTS, formatSignatureParams(proof)) ?? '');
  return formatCompactProof(proof, toBase64(await sign(base)));
}
