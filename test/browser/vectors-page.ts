import { fromBase64url, toBase64 } from '../../src/browser/base64.ts';
import { digestSlices } from '../../src/browser/chunks/body.ts';
import { proveCompact } from '../../src/browser/compact.ts';
import { createDoor, type Door, type Entry } from '../../src/browser/door.ts';
import { hmac } from '../../src/browser/hmac.ts';
import { contentDigest } from '../../src/browser/payload.ts';
import type { Platform } from '../../src/browser/platform.ts';
import { draft } from '../../src/browser/proof.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { DIGEST_SLICE_BYTES } from '../../src/wire/constants.ts';
import { parseContentDigest, parseSallyportDigest } from '../../src/wire/digest.ts';
import { parseCompactProof, parseSignatureInput } from '../../src/wire/read-proof.ts';
import { formatCompactProof } from '../../src/wire/signature.ts';
import { verdictOn } from '../wire/verdict.ts';
import type { KeyScheduleVector, ProofVector, Vectors } from '../wire/vectors.ts';

/** Runs the vector file by the page's own code; for vectors.test.ts, which carries it into browsers. */

/** One case: what the file says, and what this browser makes of it. */
export interface Ran {
  readonly name: string;
  readonly expected: unknown;
  readonly got: unknown;
}

const { subtle } = crypto;
const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

const keyOf = (text: string) => subtle.importKey('raw', fromBase64url(text), HMAC, false, ['sign', 'verify']);

export async function runVectors(vectors: Vectors): Promise<Ran[]> {
  const ran: Ran[] = [];
  const [schedule] = vectors.keySchedule;
  if (!schedule) throw new Error('no key schedule');
  for (const vector of vectors.keySchedule) ran.push(await runSchedule(vector));
  const proofKey = await keyOf(schedule.keys.proof);
  const syncKey = fromBase64url(schedule.keys.sync);
  for (const proof of vectors.proofs) ran.push(await runProof(proof, proofKey, syncKey));
  const cryptography = {
    verify: (base: string, signature: string) =>
      subtle.verify(
        'HMAC',
        proofKey,
        Uint8Array.from(atob(signature), (each) => each.charCodeAt(0)),
        utf8(base),
      ),
    sha256: async (text: string) => toBase64(await subtle.digest('SHA-256', utf8(text))),
  };
  for (const request of vectors.requests) {
    const got = await verdictOn(request, vectors.now, cryptography);
    ran.push({ name: `request "${request.name}"`, expected: request.code, got });
  }
  for (const { name, signatureInput, signature, result } of vectors.fields) {
    const parsed = parseSignatureInput(signatureInput, signature);
    const got = parsed === null ? 'none' : parsed === 'malformed' ? parsed : 'proof';
    ran.push({ name: `fields "${name}"`, expected: result, got });
  }
  for (const { name, body, contentDigest: expected } of vectors.digests) {
    const got = contentDigest(await subtle.digest('SHA-256', utf8(body))).value;
    ran.push({ name: `digest "${name}"`, expected, got });
  }
  for (const { length, sallyportDigest: expected } of vectors.slices) {
    const body = new Blob([new Uint8Array(length).map((_, index) => index % 251)]);
    const { value } = await digestSlices(subtle, body, DIGEST_SLICE_BYTES);
    ran.push({ name: `slices of ${length} bytes`, expected, got: value });
  }
  for (const { name, field, taken } of vectors.digestFields) {
    const got = [parseContentDigest(field) !== null, parseSallyportDigest(field) !== null];
    ran.push({ name: `digest field with ${name}`, expected: [taken, taken], got });
  }
  return ran;
}

/** The door as it is, with the vector's page key and a server that answers what the vector says. */
async function runSchedule(vector: KeyScheduleVector): Promise<Ran> {
  const { d: _, ...publicHalf } = vector.pageKey;
  const pair = {
    privateKey: await subtle.importKey('jwk', vector.pageKey, CURVE, false, ['deriveKey']),
    publicKey: await subtle.importKey('jwk', publicHalf, CURVE, true, []),
  };
  const now = () => (vector.expires - 600) * 1000;
  const sent: string[] = [];
  const platform: Platform = {
    fetch: async (_address, init) => {
      sent.push(JSON.parse(`${init?.body}`).key);
      const { serverPublic: key, random, ticketId: id, expires, authority } = vector;
      return Response.json({
        v: 1,
        key,
        random,
        ticket: 't',
        id,
        expires,
        time: now(),
        life: 600,
        renew: 480,
        authority,
      });
    },
    subtle: new Proxy(subtle, {
      get: (target, name) => (name === 'generateKey' ? async () => pair : Reflect.get(target, name).bind(target)),
    }),
    now,
    later: setTimeout,
    forget: clearTimeout,
    random: Math.random,
  };
  const chunks = async (): Promise<never> => {
    throw new Error('no session of the vectors is bound');
  };
  Object.defineProperty(self, 'origin', { value: vector.origin, configurable: true });
  const entry = await createDoor(platform, {
    mount: '/_sallyport',
    client: vector.client,
    sync: true,
    chunks,
    bound: false,
  }).ready();
  const text = utf8('what the key signs');
  const expected = toBase64(await subtle.sign('HMAC', await keyOf(vector.keys.proof), text));
  return {
    name: `key schedule "${vector.name}"`,
    expected: {
      sent: [vector.pagePublic],
      extractable: false,
      proof: expected,
      sync: [...fromBase64url(vector.keys.sync)],
    },
    got: {
      sent,
      extractable: entry?.proofKey.extractable,
      proof: entry && toBase64(await subtle.sign('HMAC', entry.proofKey, text)),
      sync: [...(entry?.syncKey ?? [])],
    },
  };
}

async function runProof(vector: ProofVector, proofKey: CryptoKey, syncKey: Uint8Array): Promise<Ran> {
  const { message, signed, parameters, purpose } = vector;
  const { fields } = message;
  const none = async () => undefined;
  const door: Door = {
    current: () => undefined,
    ready: none,
    again: none,
    seconds: () => parameters.created,
    renew: none,
    mark: 'sallyport',
    learn() {},
  };
  const entry = (): Entry => ({
    ticket: parameters.keyid,
    authority: message.authority,
    proofKey,
    agreed: proofKey,
    salt: new ArrayBuffer(0),
    syncKey,
    renews: 0,
    expires: 0,
    counter: parameters.nonce - 1,
  });
  const sign = (base: Uint8Array<ArrayBuffer>) =>
    purpose === 'sync' ? hmac(syncKey, base) : subtle.sign('HMAC', proofKey, base);
  const url = new URL(`https://${message.authority}${message.path}${message.query}`);
  const name = (['content-digest', 'sallyport-digest'] as const).find((each) => fields[each] !== undefined);
  const digest = name && { name, value: fields[name] ?? '' };
  const call = { method: message.method, url, header: (field: string) => fields[field] ?? null, digest, signed };
  const made = draft(door, entry(), call, parameters.tag);
  const mac = await sign(made.base);
  const written = made.finish(mac);
  // The script itself makes tokens for GET alone: sockets and addresses.
  const token =
    message.method === 'GET'
      ? await proveCompact(sign, door, entry(), url, parameters.tag)
      : formatCompactProof(parameters, toBase64(mac));
  const compact = vector.compact && token;
  const { base, signatureInput, signature } = vector;
  return {
    name: `proof "${vector.name}"`,
    expected: { base, signatureInput, signature, compact: vector.compact, read: !!vector.compact },
    got: {
      base: new TextDecoder().decode(made.base),
      signatureInput: written['signature-input'],
      signature: written['signature'],
      compact,
      read: !!compact && parseCompactProof(compact)?.nonce === parameters.nonce,
    },
  };
}

Reflect.set(self, 'runVectors', runVectors);
