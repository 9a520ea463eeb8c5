import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** A passkey in software (WebAuthn Level 3 §6): what a browser would answer, and every way of answering wrongly. */
export interface Authenticator {
  /** base64url. */
  readonly id: string;
  counter: number;
  /** Answers `options` of a registration. */
  register(options: Ceremony, twist?: Twist): object;
  /** Answers `options` of a login. */
  answer(options: Ceremony, twist?: Twist): object;
}

export interface Ceremony {
  readonly challenge: string;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
}

export interface Twist {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  /** Default: present and verified. */
  readonly flags?: number;
  readonly userHandle?: string;
}

export const ORIGIN = 'http://localhost:4000';
const PRESENT = 1;
const VERIFIED = 4;
const ATTESTED = 64;

export function createAuthenticator(): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(32);
  let owner = '';
  const made: Authenticator = {
    id: id.toString('base64url'),
    counter: 0,
    register(options, twist = {}) {
      owner = options.user?.id ?? '';
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, toCose(publicKey)]);
      const data = authenticatorData(
        twist.rpId ?? options.rp?.id ?? '',
        ATTESTED | (twist.flags ?? 5),
        made.counter,
        attested,
      );
      const attestationObject = map(3, [
        text('fmt'),
        text('none'),
        text('attStmt'),
        map(0, []),
        text('authData'),
        bytes(data),
      ]);
      return wrap(id, {
        clientDataJSON: clientData('webauthn.create', options, twist).toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['internal'],
      });
    },
    answer(options, twist = {}) {
      made.counter++;
      const client = clientData('webauthn.get', options, twist);
      const data = authenticatorData(twist.rpId ?? options.rpId ?? '', twist.flags ?? PRESENT | VERIFIED, made.counter);
      return wrap(id, {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign(privateKey, Buffer.concat([data, createHash('sha256').update(client).digest()])),
        userHandle: twist.userHandle ?? owner,
      });
    },
  };
  return made;
}

const wrap = (id: Buffer, response: object): object => ({
  id: id.toString('base64url'),
  rawId: id.toString('base64url'),
  type: 'public-key',
  clientExtensionResults: {},
  response,
});

function clientData(type: string, { challenge }: Ceremony, twist: Twist): Buffer {
  const said = { type: twist.type ?? type, challenge: twist.challenge ?? challenge, origin: twist.origin ?? ORIGIN };
  return Buffer.from(JSON.stringify({ ...said, crossOrigin: false }));
}

function authenticatorData(rpId: string, flags: number, counter: number, attested = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(37);
  createHash('sha256').update(rpId).digest().copy(head);
  head[32] = flags;
  head.writeUInt32BE(counter, 33);
  return Buffer.concat([head, attested]);
}

const sign = (key: KeyObject, data: Buffer): string =>
  createSign('sha256').update(data).sign(key).toString('base64url');

/** COSE_Key of an ES256 key (RFC 9053 §7.1.1). */
function toCose(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = (value: string): Buffer => bytes(Buffer.from(value, 'base64url'));
  return map(5, [
    Buffer.of(1),
    Buffer.of(2),
    Buffer.of(3),
    Buffer.of(0x26),
    Buffer.of(0x20),
    Buffer.of(1),
    Buffer.of(0x21),
    point(x),
    Buffer.of(0x22),
    point(y),
  ]);
}

// CBOR (RFC 8949 §3), as much of it as is needed.
const map = (pairs: number, items: readonly Buffer[]): Buffer => Buffer.concat([Buffer.of(0xa0 | pairs), ...items]);
const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x60 | value.length), Buffer.from(value)]);
const bytes = (value: Buffer): Buffer => {
  const { length } = value;
  const head = length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), value]);
};
