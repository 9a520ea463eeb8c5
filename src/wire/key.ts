/**
 * The text of an API key (docs/protocol.md §10): `spk_` and 60 letters and digits, the first 11 of which are its public
 * id, the last 6 a checksum. So scanners for leaked secrets find one by its look, and a slip of the pen is told from a key
 * that has ended without asking anybody.
 */

/** How a key shows itself: whole with each request, or by signatures. */
export type KeyKind = 'bearer' | 'ed25519' | 'hmac';

export interface ParsedKey {
  readonly kind: KeyKind;
  /** Public: what records, logs and signatures call it. */
  readonly id: string;
  /** 32 bytes: part of a bearer key, the seed of an Ed25519 key (RFC 8032), or an HMAC key. */
  readonly secret: Uint8Array<ArrayBuffer>;
}

const PREFIX: Readonly<Record<KeyKind, string>> = { bearer: 'spk_', ed25519: 'sps_', hmac: 'sph_' };
const KINDS: Readonly<Record<string, KeyKind>> = { spk_: 'bearer', sps_: 'ed25519', sph_: 'hmac' };
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const PREFIX_LENGTH = 4;
const ID_LENGTH = 11;
const SECRET_LENGTH = 43;
const CHECK_LENGTH = 6;
/** Characters of every key. */
export const KEY_LENGTH = PREFIX_LENGTH + ID_LENGTH + SECRET_LENGTH + CHECK_LENGTH;

const SHAPE = /^sp[ksh]_[0-9A-Za-z]{60}$/;
const ANYWHERE = /sp[ksh]_[0-9A-Za-z]{60}(?![0-9A-Za-z])/;
const ID = /^[0-9A-Za-z]{11}$/;

/** Whether a text begins as a key does, whatever follows. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith('sp') && KINDS[text.slice(0, PREFIX_LENGTH)] !== undefined;
}

export const isKeyId = (text: string): boolean => ID.test(text);

/** Public id of 8 random bytes. */
export function formatKeyId(random: Uint8Array): string {
  if (random.length !== 8) throw new TypeError('a key id is made of 8 bytes');
  return toDigits(random, ID_LENGTH);
}

/** @param secret 32 bytes */
export function formatKey(kind: KeyKind, id: string, secret: Uint8Array): string {
  if (!isKeyId(id)) throw new TypeError('not the id of a key');
  if (secret.length !== 32) throw new TypeError('a key holds 32 bytes');
  const body = `${PREFIX[kind]}${id}${toDigits(secret, SECRET_LENGTH)}`;
  return body + checksum(body);
}

/** Null for what does not begin as a key does; `typo` where the rest cannot be one that was ever issued. */
export function parseKey(text: string): ParsedKey | 'typo' | null {
  const kind = KINDS[text.slice(0, PREFIX_LENGTH)];
  if (kind === undefined) return null;
  if (!SHAPE.test(text)) return 'typo';
  const end = KEY_LENGTH - CHECK_LENGTH;
  if (checksum(text.slice(0, end)) !== text.slice(end)) return 'typo';
  const secret = fromDigits(text.slice(PREFIX_LENGTH + ID_LENGTH, end));
  return secret === null ? 'typo' : { kind, id: text.slice(PREFIX_LENGTH, PREFIX_LENGTH + ID_LENGTH), secret };
}

/** The first key within a text, such as a URL or a script; '' where there is none whose checksum fits. */
export function findKey(text: string): string {
  if (!text.includes('_')) return '';
  const found = ANYWHERE.exec(text)?.[0] ?? '';
  return found !== '' && typeof parseKey(found) === 'object' ? found : '';
}

/** A text for logs: of keys in it their prefix and id alone are left. */
export function withoutKeys(text: string): string {
  return text.includes('sp') ? text.replace(/sp[ksh]_[0-9A-Za-z]{12,}/g, (key) => `${key.slice(0, 15)}…`) : text;
}

function toDigits(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let at = 0; at < length; at++) {
    text = (ALPHABET[Number(value % 62n)] ?? '') + text;
    value /= 62n;
  }
  return text;
}

/** 32 bytes; null where the digits are more than they hold. */
function fromDigits(text: string): Uint8Array<ArrayBuffer> | null {
  let value = 0n;
  for (const digit of text) value = value * 62n + BigInt(ALPHABET.indexOf(digit));
  if (value >> 256n !== 0n) return null;
  const out = new Uint8Array(32);
  for (let at = 31; at >= 0; at--) {
    out[at] = Number(value & 255n);
    value >>= 8n;
  }
  return out;
}

/** CRC-32 (ISO 3309) in six digits. It finds slips of the pen; it keeps nobody out. */
function checksum(text: string): string {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  const value = ~crc >>> 0;
  return toDigits(Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255), CHECK_LENGTH);
}
