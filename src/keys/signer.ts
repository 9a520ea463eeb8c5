import { createHash, createHmac, createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { LABEL } from '../wire/constants.ts';
import { formatContentDigest } from '../wire/digest.ts';
import { isKeyId, parseKey } from '../wire/key.ts';
import { formatKeyInput, formatKeyParams } from '../wire/key-signature.ts';
import { requiredComponents, signatureBase } from '../wire/signature.ts';
import { ed25519Of, publicHalf } from './material.ts';

/** A key of one's own making, whose public half the gate knows. */
export interface OwnKey {
  /** Public id, 11 letters and digits, as `sallyport keys issue` told it. */
  readonly id: string;
  /** Ed25519, PKCS #8: PEM or KeyObject. */
  readonly privateKey: string | KeyObject;
}

/** What a signature is made over. */
export interface SignableRequest {
  readonly method: string;
  /** As the request names it: `app.example`, `localhost:4000`. */
  readonly authority: string;
  /** Raw. */
  readonly path: string;
  /** From the `?` on, or ''. */
  readonly query: string;
  /** '' where there is none; so for the others. */
  readonly contentType: string;
  readonly authorization: string;
  /** Null for none. */
  readonly body: Uint8Array | null;
  /** Further fields that the route's `signed` lists, in its order. */
  readonly signed: readonly (readonly [name: string, value: string])[];
}

/** How a key shows itself. */
export type Signer =
  | { readonly kind: 'bearer'; readonly authorization: string }
  | {
      readonly kind: 'signature';
      /** Fields to add to such a request. `now`: the server's time, milliseconds since 1970. */
      fields(request: SignableRequest, now: number): readonly (readonly [name: string, value: string])[];
    };

/** Throws TypeError for what is no key, naming what is wrong and never the key. */
export function createSigner(key: string | OwnKey): Signer {
  if (typeof key !== 'string') return signing(ownId(key), ownSign(key));
  const parsed = parseKey(key.trim());
  if (parsed === null) throw new TypeError('key: an API key begins with spk_, sps_ or sph_');
  if (parsed === 'typo') throw new TypeError('key: its checksum does not fit; it was cut off or mistyped');
  const { kind, id, secret } = parsed;
  if (kind === 'bearer') return { kind, authorization: `Bearer ${key.trim()}` };
  if (kind === 'hmac') return signing(id, (base) => createHmac('sha256', secret).update(base, 'latin1').digest());
  const own = ed25519Of(secret);
  return signing(id, (base) => sign(null, Buffer.from(base, 'latin1'), own));
}

function ownId({ id }: OwnKey): string {
  if (!isKeyId(id)) throw new TypeError('key.id: the id of a key has 11 letters and digits');
  return id;
}

function ownSign({ privateKey }: OwnKey): (base: string) => Buffer {
  const own = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  if (own.type !== 'private') throw new TypeError('key.privateKey: not a private key');
  publicHalf(own);
  return (base) => sign(null, Buffer.from(base, 'latin1'), own);
}

function signing(keyid: string, make: (base: string) => Buffer): Signer {
  return {
    kind: 'signature',
    fields(request, now) {
      const { body, signed } = request;
      const digested = body !== null && body.length > 0;
      const contentDigest = digested ? formatContentDigest(createHash('sha256').update(body).digest('base64')) : '';
      const components = requiredComponents({
        contentType: request.contentType !== '',
        digest: digested ? 'content-digest' : '',
        authorization: request.authorization !== '',
        signed: signed.map(([name]) => name),
      });
      const nonce = randomBytes(16).toString('base64url');
      const params = formatKeyParams({ components, created: Math.floor(now / 1000), nonce, keyid });
      const further = new Map(signed);
      const field = (name: string): string | null => further.get(name) ?? null;
      const base = signatureBase({ ...request, contentDigest, sallyportDigest: '', field }, components, params);
      if (base === null) throw new TypeError('a field that is to be signed holds what no signature covers');
      return [
        ...(digested ? ([['content-digest', contentDigest]] as const) : []),
        ['signature-input', formatKeyInput(params)],
        ['signature', `${LABEL}=:${make(base).toString('base64')}:`],
      ];
    },
  };
}
