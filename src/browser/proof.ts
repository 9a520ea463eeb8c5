import { utf8 } from '../lib/bytes.ts';
import { LABEL, TAG, type Tag } from '../wire/constants.ts';
import { toBase64 } from './base64.ts';
import type { Door, Entry } from './door.ts';
import type { Platform } from './platform.ts';

/**
 * Proofs as wire/signature.ts describes them, written in one pass because the script is small; a test holds the two
 * together.
 */

/** What a proof is made over. */
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
export interface Draft {
  readonly created: number;
  readonly nonce: number;
  /** What is signed (RFC 9421 §2.5). */
  readonly base: Uint8Array<ArrayBuffer>;
  /** Header fields for the signature. */
  readonly finish: (signature: ArrayBuffer | Uint8Array<ArrayBuffer>) => Record<string, string>;
}

/** Takes a counter and writes what is to be signed. */
export function draft(door: Door, entry: Entry, { method, url, header, digest, signed = [] }: Call, tag: Tag): Draft {
  let list = '';
  let base = '';
  const line = (name: string, value: string | null | undefined) => {
    // What policy lists must be there: without it the server refuses, and says so.
    if (!value) return;
    list += ` "${name}"`;
    base += `"${name}": ${value}\n`;
  };
  line('@method', method);
  line('@authority', entry.authority);
  line('@path', url.pathname);
  line('@query', url.search || '?');
  line('content-type', header('content-type'));
  if (digest) line(digest.name, digest.value);
  for (const name of ['authorization', ...signed]) line(name, header(name));
  const created = door.seconds();
  const nonce = ++entry.counter;
  const params = `(${list.slice(1)});created=${created};nonce="${nonce}";keyid="${entry.ticket}";tag="${tag}"`;
  return {
    created,
    nonce,
    base: utf8(`${base}"@signature-params": ${params}`),
    finish: (signature) => ({
      ...entry.fields,
      ...(digest && { [digest.name]: digest.value }),
      'signature-input': `${LABEL}=${params}`,
      signature: `${LABEL}=:${toBase64(signature)}:`,
    }),
  };
}

/** Header fields of an ordinary proof. */
export async function prove(platform: Platform, door: Door, entry: Entry, call: Call): Promise<Record<string, string>> {
  const { base, finish } = draft(door, entry, call, TAG);
  return finish(await platform.subtle.sign('HMAC', entry.proofKey, base));
}
