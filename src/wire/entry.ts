import { fromBase64url } from '../lib/base64url.ts';
import { concat, lengthPrefixed, utf8 } from '../lib/bytes.ts';
import { PROTOCOL, type Purpose } from './constants.ts';

/** Messages and key schedule of `POST {mount}/enter` (docs/protocol.md §2). */

/** Longest entry request, in bytes. */
export const ENTRY_REQUEST_BYTES = 2048;
/** A P-256 point, uncompressed: 0x04, x, y (SEC 1 §2.3.3). */
export const POINT_BYTES = 65;

/** What the page sends. */
export interface EntryRequest {
  readonly v: 1;
  /** Name of the client, as configured. */
  readonly client: string;
  /** The page key's public half. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** Public half of a bound session's key, its signature, and the challenge's answer: reserved, taken as they are. */
  readonly sessionKey: string;
  readonly sessionSignature: string;
  readonly challenge: string;
}

/** What the page gets. */
export interface EntryAnswer {
  readonly v: 1;
  /** The server's public key, base64url of {@link POINT_BYTES}. */
  readonly key: string;
  /** 32 random bytes of this entry, base64url. */
  readonly random: string;
  readonly ticket: string;
  /** Ticket id, base64url of 16 bytes. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly expires: number;
  /** The server's clock: milliseconds since 1970. */
  readonly time: number;
  /** Seconds the ticket lives from now, and seconds after which the page enters again. */
  readonly life: number;
  readonly renew: number;
  /** `@authority` of every proof under this ticket. */
  readonly authority: string;
}

const REQUEST_NAMES = new Set(['v', 'client', 'key', 'sessionKey', 'sessionSignature', 'challenge']);
/** Names of clients in configuration and on the wire. */
export const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/**
 * Reads an entry request: a JSON object with these members and no others, at most {@link ENTRY_REQUEST_BYTES}.
 * Null when it is none. Whether the key lies on the curve is for the key agreement to say.
 */
export function parseEntryRequest(bytes: Uint8Array): EntryRequest | null {
  if (bytes.length > ENTRY_REQUEST_BYTES) return null;
  const record = parseRecord(bytes);
  if (record === null || record['v'] !== 1) return null;
  if (Object.keys(record).some((name) => !REQUEST_NAMES.has(name))) return null;
  const { client, key, sessionKey = '', sessionSignature = '', challenge = '' } = record;
  if (typeof client !== 'string' || !CLIENT_NAME.test(client)) return null;
  const point = typeof key === 'string' ? parsePoint(key) : null;
  if (point === null) return null;
  if (typeof sessionKey !== 'string' || typeof sessionSignature !== 'string' || typeof challenge !== 'string')
    return null;
  return { v: 1, client, key: point, sessionKey, sessionSignature, challenge };
}

/** Body of an entry request. */
export function formatEntryRequest(client: string, key: string): string {
  return JSON.stringify({ v: 1, client, key });
}

/** Reads the JSON value of an entry answer. Null when it is none; members that a later server adds are left alone. */
export function parseEntryAnswer(value: unknown): EntryAnswer | null {
  if (!isRecord(value) || value['v'] !== 1) return null;
  const { key, random, ticket, id, expires, time, life, renew, authority } = value;
  if (typeof key !== 'string' || typeof random !== 'string' || typeof ticket !== 'string') return null;
  if (typeof id !== 'string' || typeof authority !== 'string') return null;
  if (typeof expires !== 'number' || typeof time !== 'number') return null;
  if (typeof life !== 'number' || typeof renew !== 'number') return null;
  return { v: 1, key, random, ticket, id, expires, time, life, renew, authority };
}

function parsePoint(text: string): Uint8Array<ArrayBuffer> | null {
  const point = fromBase64url(text);
  return point?.length === POINT_BYTES && point[0] === 4 ? point : null;
}

function parseRecord(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What both sides have seen of one entry. */
export interface Transcript {
  readonly pageKey: Uint8Array;
  readonly serverKey: Uint8Array;
  /** Origin of the page. */
  readonly origin: string;
  readonly authority: string;
  readonly client: string;
  readonly ticketId: Uint8Array;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly random: Uint8Array;
}

/** Bytes whose SHA-256 is the salt of the key schedule. */
export function transcript(seen: Transcript): Uint8Array<ArrayBuffer> {
  return lengthPrefixed([
    PROTOCOL,
    seen.pageKey,
    seen.serverKey,
    seen.origin,
    seen.authority,
    seen.client,
    seen.ticketId,
    String(seen.expires),
    seen.random,
  ]);
}

/** `info` of HKDF-Expand for one purpose (RFC 5869 §2.3). */
export function purposeInfo(purpose: Purpose): Uint8Array<ArrayBuffer> {
  return utf8(`${PROTOCOL} ${purpose}`);
}

/** Input of the one HMAC that HKDF-Expand is for 32 bytes: T(1) = HMAC(entry secret, info ‖ 0x01). */
export function expandInput(purpose: Purpose): Uint8Array<ArrayBuffer> {
  return concat(purposeInfo(purpose), Uint8Array.of(1));
}
