import { hash } from 'node:crypto';
import type { Whereabouts } from '../guard/drift.ts';
import { createGenerations } from '../lib/generations.ts';
import { writeLatin1 } from './platform.ts';
import { WHEREABOUTS_BYTES, writeWhereabouts } from './whereabouts.ts';

/** What an entry puts into its ticket. */
export interface TicketContent {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** Session id, 16 bytes. */
  readonly session: Uint8Array;
  /** When the session began: seconds since 1970. */
  readonly sessionCreated: number;
  readonly loginEpoch: number;
  readonly windowPlace: number;
  readonly sessionPlace: number;
  readonly client: string;
  readonly authority: string;
  readonly origin: string;
  /** Seconds since 1970. */
  readonly issued: number;
  readonly expires: number;
  /** HKDF-Extract's output, 32 bytes. */
  readonly secret: Uint8Array;
  readonly from: Whereabouts;
}

export const VERSION = 3;
// Layout: version, id, session, login epoch, places, hashes of client, authority and origin, times, secret, session's beginning, whereabouts.
export const AT_ID = 1;
export const AT_SESSION = 17;
export const AT_EPOCH = 33;
export const AT_WINDOW_PLACE = 37;
export const AT_SESSION_PLACE = 41;
export const AT_CLIENT = 45;
export const AT_AUTHORITY = 53;
export const AT_ORIGIN = 61;
export const AT_ISSUED = 69;
export const AT_EXPIRES = 73;
export const AT_SECRET = 77;
export const AT_CREATED = 109;
export const AT_FROM = 113;
export const LENGTH = AT_FROM + WHEREABOUTS_BYTES;

/** The bytes that are sealed. */
export function encodeTicket(content: TicketContent): Buffer {
  const out = Buffer.alloc(LENGTH);
  out[0] = VERSION;
  out.set(content.id, AT_ID);
  out.set(content.session, AT_SESSION);
  out.writeUInt32BE(content.loginEpoch, AT_EPOCH);
  out.writeUInt32BE(content.windowPlace, AT_WINDOW_PLACE);
  out.writeUInt32BE(content.sessionPlace, AT_SESSION_PLACE);
  writeLatin1(out, shortHash(content.client), AT_CLIENT);
  writeLatin1(out, shortHash(content.authority), AT_AUTHORITY);
  writeLatin1(out, shortHash(content.origin), AT_ORIGIN);
  out.writeUInt32BE(content.issued, AT_ISSUED);
  out.writeUInt32BE(content.expires, AT_EXPIRES);
  out.set(content.secret, AT_SECRET);
  out.writeUInt32BE(content.sessionCreated, AT_CREATED);
  writeWhereabouts(out, AT_FROM, content.from);
  return out;
}

/** Hashes of names seen before: authorities, origins and clients repeat on every request. Bounded. */
const shortHashes = createGenerations<string>(256);

/** First 8 bytes of SHA-256, as latin1. */
export function shortHash(text: string): string {
  const known = shortHashes.get(text);
  if (known !== undefined) return known;
  const made = Buffer.from(hash('sha256', text, 'hex').slice(0, 16), 'hex').toString('latin1');
  shortHashes.set(text, made);
  return made;
}
