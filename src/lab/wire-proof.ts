import { createHash, createHmac, type ECDH } from 'node:crypto';
import { fromBase64url } from '../lib/base64url.ts';
import { labelled } from '../wire/build.ts';
import { TAG } from '../wire/constants.ts';
import { formatContentDigest } from '../wire/digest.ts';
import { type EntryAnswer, expandInput, transcript } from '../wire/entry.ts';
import {
  formatSignature,
  formatSignatureInput,
  formatSignatureParams,
  requiredComponents,
  signatureBase,
} from '../wire/signature.ts';
import type { RawRequest } from './http.ts';
import type { Target } from './target.ts';

/** What an entry left with the client. */
export interface Entered {
  readonly ticket: string;
  readonly authority: string;
  readonly key: Uint8Array;
  /** From which all keys are made (docs/protocol.md §2.3). */
  readonly secret: Uint8Array;
  /** Server's clock minus ours, milliseconds. */
  readonly ahead: number;
  /** The counter of the last proof. */
  nonce: number;
  /** The counter of the last call that was sealed. */
  sealed: number;
}

export interface Call {
  readonly method: string;
  /** Path under the mount to call instead of the target. */
  readonly under?: string;
  /** Another path, and query, of the target's origin to call instead. */
  readonly at?: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Value of the Authorization field, which the proof covers. */
  readonly authorization?: string;
  /** Further fields, as a flat list. */
  readonly fields?: readonly string[];
  /** Signs with this counter instead of the next. */
  readonly nonce?: number;
  /** Signs with this key instead of the one agreed at entry. */
  readonly key?: Uint8Array;
}

/** The key schedule (docs/protocol.md §2.3). Null where the answer does not read. `now`: our own clock; `label`: of a build. */
export function agree(
  answer: EntryAnswer,
  ecdh: ECDH,
  origin: string,
  client: string,
  now = Date.now(),
  label?: string,
): Entered | null {
  const serverKey = fromBase64url(answer.key);
  const ticketId = fromBase64url(answer.id);
  const random = fromBase64url(answer.random);
  if (serverKey === null || ticketId === null || random === null) return null;
  const { authority, expires } = answer;
  const pageKey = ecdh.getPublicKey();
  const seen = transcript({ pageKey, serverKey, origin, authority, client, ticketId, expires, random });
  const salt = createHash('sha256')
    .update(label === undefined ? seen : labelled(label, seen))
    .digest();
  const secret = createHmac('sha256', salt).update(ecdh.computeSecret(serverKey)).digest();
  const key = createHmac('sha256', secret).update(expandInput('proof')).digest();
  return { ticket: answer.ticket, authority, key, secret, ahead: answer.time - now, nonce: 0, sealed: 0 };
}

/** A call to the target with the next proof over it (docs/protocol.md §3). `fields` are sent as they are. */
export function signCall(
  call: Call,
  target: Target,
  entered: Entered,
  fields: readonly string[],
  now = Date.now(),
): RawRequest {
  const { method, body = null, contentType = '', authorization = '' } = call;
  const contentDigest = body === null ? '' : formatContentDigest(createHash('sha256').update(body).digest('base64'));
  const components = requiredComponents({
    contentType: contentType !== '',
    digest: contentDigest === '' ? '' : 'content-digest',
    authorization: authorization !== '',
    signed: [],
  });
  entered.nonce += call.nonce === undefined ? 1 : 0;
  const created = Math.floor((now + entered.ahead) / 1000);
  const proof = { components, created, nonce: call.nonce ?? entered.nonce, keyid: entered.ticket, tag: TAG } as const;
  const { authority } = entered;
  const { path, query } = target;
  const absent = { sallyportDigest: '', field: () => null };
  const message = { method, authority, path, query, contentType, contentDigest, authorization, ...absent };
  const base = signatureBase(message, components, formatSignatureParams(proof)) ?? '';
  const signature = createHmac('sha256', call.key ?? entered.key)
    .update(base)
    .digest('base64');
  const own: string[] = [...fields, ...(call.fields ?? [])];
  if (authorization !== '') own.push('Authorization', authorization);
  // Pages name their origin with every method but GET and HEAD.
  if (method !== 'GET' && method !== 'HEAD') own.push('Origin', target.origin);
  if (contentType !== '') own.push('Content-Type', contentType);
  if (body !== null) own.push('Content-Length', String(body.length), 'Content-Digest', contentDigest);
  // As browsers do (RFC 9110 §8.6); node would announce chunks, and a body that nobody signed.
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') own.push('Content-Length', '0');
  own.push('Signature-Input', formatSignatureInput(proof), 'Signature', formatSignature(signature));
  return { method, target: path + query, fields: own, body };
}

/** Names of the fields that make a proof: what a copier of everything else leaves out. */
export const PROOF_FIELDS: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  'content-digest',
  'sallyport-digest',
]);
