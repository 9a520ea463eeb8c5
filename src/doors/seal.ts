import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { PROTOCOL } from '../wire/constants.ts';
import { decodeBase64url } from './decode.ts';
import { createRandom, type Random } from './random.ts';

/**
 * What the server hands out and takes back unread by anybody: compact JWE (RFC 7516 §7.1), `dir` with A256GCM, never
 * compressed. Each purpose, period and instance has its own key, and a protected header of its own that is compared
 * byte for byte before anything is decrypted; it is the additional data of the seal as well. So a ticket of one kind
 * never opens as another.
 */
export type SealPurpose = keyof typeof LETTERS;

/** `unknown`: not ours, altered, or older than the previous period. `wrong-instance`: sealed by a sibling. */
export type OpenFailure = 'unknown' | 'wrong-instance';

export interface KeyRing {
  seal(purpose: SealPurpose, content: Uint8Array): string;
  open(purpose: SealPurpose, text: string): Buffer | OpenFailure;
  /** Eight bytes: four name the instance, four this start of it. */
  readonly instance: Buffer;
}

export interface KeyRingOptions {
  /** At least 32 bytes. Instances that share it open each other's stamps and session cookies. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** What this instance is called among its siblings, and again after a restart. Default: a random name. */
  readonly instanceName?: string;
  /**
   * What all call the state who share one: each opens the tickets of the others, and its own after a restart. '' for none:
   * a ticket is good in the process that sealed it. Default ''.
   */
  readonly scope?: string;
  readonly random?: Random;
  /** Seals after which a key is replaced; default and most 2^31 (NIST SP 800-38D §8.3 allows 2^32 random nonces). */
  readonly sealsPerKey?: number;
}

/** A key serves this long and is accepted for as long again. */
const PERIOD_MS = 24 * 3600 * 1000;
/** How far a sibling's clock may be ahead. */
const AHEAD_MS = 60 * 1000;
const MAX_SEALS = 2 ** 31;
/** Keys that one period may use up. A shared secret lets siblings be further along, hence derived on demand. */
const MAX_TURNS = 16;
const MAX_TEXT = 4096;

const LETTERS = {
  ticket: 't',
  stamp: 's',
  session: 'c',
  login: 'l',
  transaction: 'o',
  token: 'b',
  form: 'f',
  factor: 'm',
  challenge: 'p',
} as const;
/** Tickets are good only where their window is, challenges where it is known which were used; stamps and sessions outlive a restart. */
const INSTANCE_BOUND: ReadonlySet<SealPurpose> = new Set(['ticket', 'challenge']);

interface SealKey {
  readonly purpose: SealPurpose;
  readonly period: number;
  readonly turn: number;
  /** base64url of the protected header. */
  readonly header: string;
  readonly additional: Buffer;
  readonly key: KeyObject;
  seals: number;
}

/** Throws TypeError for a secret under 32 bytes. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { secret, clock, random = createRandom(), sealsPerKey = MAX_SEALS } = options;
  if (secret.length < 32) throw new TypeError('secret: at least 32 bytes, drawn at random');
  if (!(sealsPerKey >= 1 && sealsPerKey <= MAX_SEALS)) throw new TypeError('sealsPerKey: 1 to 2^31');
  const root = createSecretKey(secret);
  const name = options.instanceName ?? random(16).toString('base64url');
  const { scope = '' } = options;
  const instance =
    scope === '' ? Buffer.concat([firstOf(name, 4), random(4)]) : firstOf(`state that is shared: ${scope}`, 8);
  const instanceText = instance.toString('base64url');
  const siblingText = instanceText.slice(0, 5);
  const secretTag = derive(root, 'key id', 3).toString('base64url');
  const byHeader = new Map<string, SealKey>();
  const current = new Map<SealPurpose, SealKey>();
  let period = -1;

  const periodAt = (time: number): number => Math.floor(time / PERIOD_MS);

  function makeKey(purpose: SealPurpose, keyPeriod: number, turn: number): SealKey {
    const bound = INSTANCE_BOUND.has(purpose) ? `.${instanceText}` : '';
    const kid = `${LETTERS[purpose]}1.${secretTag}.${keyPeriod}${turn > 0 ? `-${turn}` : ''}${bound}`;
    const header = Buffer.from(`{"alg":"dir","enc":"A256GCM","kid":"${kid}"}`).toString('base64url');
    const key = createSecretKey(derive(root, `seal ${purpose} ${keyPeriod} ${turn}${bound}`, 32));
    return { purpose, period: keyPeriod, turn, header, additional: Buffer.from(header), key, seals: 0 };
  }

  /** Forgets keys older than the previous period. */
  function turnPeriod(): void {
    const now = periodAt(clock.wall());
    if (now === period) return;
    period = now;
    current.clear();
    for (const [header, key] of byHeader) if (key.period < now - 1 || key.period > now + 1) byHeader.delete(header);
  }

  function remember(key: SealKey): SealKey {
    byHeader.set(key.header, key);
    return key;
  }

  function sealingKey(purpose: SealPurpose): SealKey {
    turnPeriod();
    const key = current.get(purpose);
    if (key !== undefined && key.seals < sealsPerKey) return key;
    const turn = key === undefined ? 0 : key.turn + 1;
    if (turn >= MAX_TURNS) throw new Error('too many seals in one period');
    const next = remember(makeKey(purpose, period, turn));
    current.set(purpose, next);
    return next;
  }

  /** The key a header names, made on demand; never more than the turns of three periods. */
  function keyNamed(purpose: SealPurpose, header: string): SealKey | OpenFailure {
    const known = byHeader.get(header);
    if (known !== undefined) return known.purpose === purpose ? known : 'unknown';
    const named =
      /^\{"alg":"dir","enc":"A256GCM","kid":"([a-z])1\.([\w-]{4})\.(\d{1,7})(?:-(\d{1,2}))?(?:\.([\w-]{11}))?"\}$/.exec(
        Buffer.from(header, 'base64url').toString('latin1'),
      );
    if (named === null || named[1] !== LETTERS[purpose] || named[2] !== secretTag) return 'unknown';
    const keyPeriod = Number(named[3]);
    const turn = Number(named[4] ?? 0);
    if (keyPeriod < period - 1 || keyPeriod > periodAt(clock.wall() + AHEAD_MS) || turn >= MAX_TURNS) return 'unknown';
    const from = named[5];
    if (INSTANCE_BOUND.has(purpose) !== (from !== undefined)) return 'unknown';
    if (from !== undefined && from !== instanceText) return from.startsWith(siblingText) ? 'unknown' : 'wrong-instance';
    const key = makeKey(purpose, keyPeriod, turn);
    return key.header === header ? remember(key) : 'unknown';
  }

  return {
    instance,
    seal(purpose, content) {
      const key = sealingKey(purpose);
      key.seals++;
      const nonce = random(12);
      const cipher = createCipheriv('aes-256-gcm', key.key, nonce);
      cipher.setAAD(key.additional);
      const sealed = cipher.update(content).toString('base64url');
      cipher.final();
      const tag = cipher.getAuthTag().toString('base64url');
      return `${key.header}..${nonce.toString('base64url')}.${sealed}.${tag}`;
    },
    open(purpose, text) {
      turnPeriod();
      const end = text.indexOf('.');
      if (end < 0 || text.length > MAX_TEXT) return 'unknown';
      const key = keyNamed(purpose, text.slice(0, end));
      return typeof key === 'string' ? key : decrypt(key, text, end);
    },
  };
}

const firstOf = (text: string, bytes: number): Buffer => createHash('sha256').update(text).digest().subarray(0, bytes);

const NONCE_CHARACTERS = 16;
const TAG_CHARACTERS = 22;

// Decoded parts live in one place: everything below is synchronous, and three small buffers a ticket cost as much as
// a third of its decryption.
const nonceBytes = Buffer.alloc(12);
const tagBytes = Buffer.alloc(16);
const sealedBytes = Buffer.alloc(MAX_TEXT);
let sealedView = sealedBytes.subarray(0, 0);

/** Opens what follows the header: `..nonce.sealed.tag`. Every spelling but the one that `seal` writes is `unknown`. */
function decrypt(key: SealKey, text: string, headerEnd: number): Buffer | 'unknown' {
  const nonceAt = headerEnd + 2;
  const sealedAt = nonceAt + NONCE_CHARACTERS + 1;
  const tagAt = text.length - TAG_CHARACTERS;
  if (tagAt - 1 <= sealedAt || !text.startsWith('..', headerEnd)) return 'unknown';
  if (text[sealedAt - 1] !== '.' || text[tagAt - 1] !== '.') return 'unknown';
  const length = decodeBase64url(text, sealedAt, tagAt - 1, sealedBytes);
  if (length < 0 || decodeBase64url(text, nonceAt, sealedAt - 1, nonceBytes) < 0) return 'unknown';
  if (decodeBase64url(text, tagAt, text.length, tagBytes) < 0) return 'unknown';
  if (sealedView.length !== length) sealedView = sealedBytes.subarray(0, length);
  const decipher = createDecipheriv('aes-256-gcm', key.key, nonceBytes);
  decipher.setAAD(key.additional);
  decipher.setAuthTag(tagBytes);
  const content = decipher.update(sealedView);
  try {
    decipher.final();
  } catch {
    return 'unknown';
  }
  return content;
}

function derive(root: KeyObject, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', `${PROTOCOL} ${info}`, length));
}
