import { fromBase64url } from '../lib/base64url.ts';
import { concat, lengthPrefixed, utf8 } from '../lib/bytes.ts';
import { PROTOCOL, type Purpose } from './constants.ts';

/** Messages and key schedule of `POST {mount}/enter` (docs/protocol.md §2). */

/** Longest entry request, in bytes. */
export const ENTRY_REQUEST_BYTES = 8192;
/** A P-256 point, uncompressed: 0x04, x, y (SEC 1 §2.3.3). */
export const POINT_BYTES = 65;

/** What the page sends. */
export interface EntryRequest {
  readonly v: 1;
  /** Name of the client, as configured. */
  readonly client: string;
  /** The page key's public half. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** Public half of the session key ({@link POINT_BYTES}) and its signature over {@link sessionProof}; null without. */
  readonly session: { readonly key: Uint8Array<ArrayBuffer>; readonly signature: Uint8Array<ArrayBuffer> } | null;
  /** {@link EntryAnswer.login} of the page's entry before; '' for its first. */
  readonly login: string;
  /** What {@link import('./challenge.ts').HEADER_CHALLENGE} says of other calls; '' without. */
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
  /** Public label of the session. */
  readonly session: string;
  /** Changes whenever somebody logs in or out: `0` while nobody is logged in. Says nothing else. */
  readonly login: string;
}

const REQUEST_NAMES = new Set(['v', 'client', 'key', 'sessionKey', 'sessionSignature', 'login', 'challenge']);
/** An ECDSA P-256 signature, r and s one after the other (IEEE P1363). */
const SIGNATURE_BYTES = 64;
const LOGIN = /^[0-9a-z]{0,7}$/;
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
  const { client, key, sessionKey, sessionSignature, login = '', challenge = '' } = record;
  if (typeof client !== 'string' || !CLIENT_NAME.test(client)) return null;
  const point = parsePoint(key);
  const session = parseSession(sessionKey, sessionSignature);
  if (point === null || session === 'malformed') return null;
  if (typeof login !== 'string' || !LOGIN.test(login) || typeof challenge !== 'string') return null;
  return { v: 1, client, key: point, session, login, challenge };
}

function parseSession(key: unknown, signature: unknown): EntryRequest['session'] | 'malformed' {
  if (key === undefined && signature === undefined) return null;
  const point = parsePoint(key);
  const bytes = typeof signature === 'string' ? fromBase64url(signature) : null;
  return point === null || bytes?.length !== SIGNATURE_BYTES ? 'malformed' : { key: point, signature: bytes };
}

/** Body of an entry request. `more` holds `sessionKey`, `sessionSignature` and `login` where there are any. */
export function formatEntryRequest(client: string, key: string, more: object = {}): string {
  return JSON.stringify({ v: 1, client, key, ...more });
}

/** Reads the JSON value of an entry answer. Null when it is none; members that a later server adds are left alone. */
export function parseEntryAnswer(value: unknown): EntryAnswer | null {
  if (!isRecord(value) || value['v'] !== 1) return null;
  const { key, random, ticket, id, expires, time, life, renew, authority, session, login } = value;
  if (typeof key !== 'string' || typeof random !== 'string' || typeof ticket !== 'string') return null;
  if (typeof id !== 'string' || typeof authority !== 'string') return null;
  if (typeof expires !== 'number' || typeof time !== 'number') return null;
  if (typeof life !== 'number' || typeof renew !== 'number') return null;
  if (typeof session !== 'string' || typeof login !== 'string') return null;
  return { v: 1, key, random, ticket, id, expires, time, life, renew, authority, session, login };
}

function parsePoint(text: unknown): Uint8Array<ArrayBuffer> | null {
  const point = typeof text === 'string' ? fromBase64url(text) : null;
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

/**
 * What the session key signs on each entry (docs/protocol.md §2.4). `session` is the label of the session that is
 * entered; '' while there is none yet.
 */
export function sessionProof(seen: {
  readonly pageKey: Uint8Array;
  readonly origin: string;
  readonly client: string;
  readonly session: string;
}): Uint8Array<ArrayBuffer> {
  return lengthPrefixed([`${PROTOCOL} session`, seen.pageKey, seen.origin, seen.client, seen.session]);
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
