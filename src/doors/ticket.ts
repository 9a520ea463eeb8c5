import { hash } from 'node:crypto';
import { equalConstantTime } from '../lib/bytes.ts';
import type { Clock } from '../lib/clock.ts';
import type { Whereabouts } from '../guard/drift.ts';
import { createGenerations } from '../lib/generations.ts';
import { expandInput } from '../wire/entry.ts';
import { createPads, macBase64, macLatin1, PADS, writePads } from './hmac.ts';
import { ownCopy, readLatin1, writeLatin1 } from './platform.ts';
import type { KeyRing, OpenFailure } from './seal.ts';
import { readWhereabouts, WHEREABOUTS_BYTES, writeWhereabouts } from './whereabouts.ts';

/**
 * Tickets: the encrypted record of one entry, as RFC 8446 §4.6.1 keeps sessions. It holds the entry secret, from which
 * each purpose derives its key, and says where the entry's window and session lie; so a request looks nothing up.
 */

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

/** Purposes whose proofs the server checks. */
export type ProofPurpose = 'proof' | 'sync';

export interface Tickets {
  issueTicket(content: TicketContent): string;
  /** Opens a ticket, from memory where it was seen before. `expired` where its time is over. */
  openTicket(text: string): OpenTicket | OpenFailure | 'expired';
  /**
   * True where {@link openTicket} would answer from memory, and for what was issued here: what the local shield never
   * delays. A forger who puts the tag of a real ticket behind his own text gains the cost of one decryption.
   */
  isKnown(text: string): boolean;
}

export interface TicketsOptions {
  readonly ring: KeyRing;
  readonly clock: Clock;
  /** Names of the clients that are configured now. */
  readonly clients: () => Iterable<string>;
  /** Opened tickets of one generation; twice as many are held at most, at about 0.9 kB each. Default 65,536. */
  readonly remembered?: number;
}

const VERSION = 3;
// Layout: version, id, session, login epoch, places, hashes of client, authority and origin, times, secret, session's beginning, whereabouts.
const AT_ID = 1;
const AT_SESSION = 17;
const AT_EPOCH = 33;
const AT_WINDOW_PLACE = 37;
const AT_SESSION_PLACE = 41;
const AT_CLIENT = 45;
const AT_AUTHORITY = 53;
const AT_ORIGIN = 61;
const AT_ISSUED = 69;
const AT_EXPIRES = 73;
const AT_SECRET = 77;
const AT_CREATED = 109;
const AT_FROM = 113;
const LENGTH = AT_FROM + WHEREABOUTS_BYTES;

/** One opened ticket. Whether a signature holds is for {@link verifyProof} to say. */
export class OpenTicket {
  readonly client: string;
  readonly expires: number;
  readonly windowPlace: number;
  readonly windowIdHigh: number;
  readonly windowIdLow: number;
  readonly sessionPlace: number;
  readonly sessionIdHigh: number;
  readonly sessionIdLow: number;
  readonly from: Whereabouts;
  /** The ticket as it travels: what it is remembered by is only its last characters. */
  readonly source: string;
  /** Room within a shared slab: inner and outer pad of the proof key, 64 bytes each, then the content. */
  readonly slab: Buffer;
  readonly at: number;
  private sync: Buffer | null = null;
  // Found when first asked for, then remembered: they are the same on every request under this ticket.
  private sessionText = '';
  private authority = '';
  private origin = '';

  constructor(source: string, content: Buffer, client: string, place: SlabPlace) {
    this.source = source;
    this.client = client;
    this.slab = place.slab;
    this.at = place.at;
    content.copy(this.slab, this.at + PADS);
    this.expires = content.readUInt32BE(AT_EXPIRES);
    this.windowPlace = content.readUInt32BE(AT_WINDOW_PLACE);
    this.windowIdHigh = content.readUInt32BE(AT_ID);
    this.windowIdLow = content.readUInt32BE(AT_ID + 4);
    this.sessionPlace = content.readUInt32BE(AT_SESSION_PLACE);
    this.sessionIdHigh = content.readUInt32BE(AT_SESSION);
    this.sessionIdLow = content.readUInt32BE(AT_SESSION + 4);
    this.from = readWhereabouts(content, AT_FROM);
    writePads(this.slab, this.at, expand(this.slab, this.at + PADS, 'proof'));
  }

  /** Ticket id, base64url. */
  get id(): string {
    return this.text(AT_ID);
  }

  /** Session id, base64url. */
  get session(): string {
    if (this.sessionText === '') this.sessionText = this.text(AT_SESSION);
    return this.sessionText;
  }

  get loginEpoch(): number {
    return this.slab.readUInt32BE(this.at + PADS + AT_EPOCH);
  }

  /** Seconds since 1970. */
  get sessionCreated(): number {
    return this.slab.readUInt32BE(this.at + PADS + AT_CREATED);
  }

  /** Seconds since 1970. */
  get issued(): number {
    return this.slab.readUInt32BE(this.at + PADS + AT_ISSUED);
  }

  /** Whether the ticket was given for this authority. */
  isForAuthority(authority: string): boolean {
    if (authority === this.authority) return true;
    if (!this.holds(AT_AUTHORITY, authority)) return false;
    this.authority = authority;
    return true;
  }

  /** Whether the ticket was given to a page of this origin. */
  isForOrigin(origin: string): boolean {
    if (origin === this.origin) return true;
    if (!this.holds(AT_ORIGIN, origin)) return false;
    this.origin = origin;
    return true;
  }

  /** Pads of the `sync` key, derived when a proof first needs them. */
  syncPads(): Buffer {
    if (this.sync === null) {
      this.sync = createPads();
      writePads(this.sync, 0, expand(this.slab, this.at + PADS, 'sync'));
    }
    return this.sync;
  }

  private holds(field: number, name: string): boolean {
    const start = this.at + PADS + field;
    return readLatin1(this.slab, start, start + 8) === shortHash(name);
  }

  private text(field: number): string {
    const start = this.at + PADS + field;
    return this.slab.toString('base64url', start, start + 16);
  }
}

export function createTickets(options: TicketsOptions): Tickets {
  const { ring, clock, clients, remembered = 65_536 } = options;
  const opened = createGenerations<OpenTicket>(remembered);
  // Tags alone: whoever just entered must not wait for a neighbour's flood to end before the first call.
  const issued = createGenerations<true>(remembered);
  const nextPlace = createSlabs();

  function open(text: string): OpenTicket | OpenFailure {
    const content = ring.open('ticket', text);
    if (typeof content === 'string') return content;
    if (content.length !== LENGTH || content[0] !== VERSION) return 'unknown';
    const source = ownCopy(text);
    const ticket = new OpenTicket(source, content, clientNamed(clients(), content), nextPlace());
    opened.set(ownCopy(keyOf(text)), ticket);
    return ticket;
  }

  function known(text: string): OpenTicket | undefined {
    const ticket = opened.get(keyOf(text));
    return ticket !== undefined && ticket.source === text ? ticket : undefined;
  }

  return {
    issueTicket(content) {
      const text = ring.seal('ticket', encodeTicket(content));
      issued.set(ownCopy(keyOf(text)), true);
      return text;
    },
    openTicket(text) {
      const ticket = known(text) ?? open(text);
      if (typeof ticket === 'string') return ticket;
      if (clock.wall() < ticket.expires * 1000) return ticket;
      opened.delete(keyOf(text));
      issued.delete(keyOf(text));
      return 'expired';
    },
    isKnown: (text) => known(text) !== undefined || issued.get(keyOf(text)) === true,
  };
}

/** A seal's tag names its ticket: 22 characters are hashed and compared faster than all of them. */
const keyOf = (text: string): string => text.slice(-22);

function encodeTicket(content: TicketContent): Buffer {
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

function clientNamed(names: Iterable<string>, content: Buffer): string {
  const wanted = readLatin1(content, AT_CLIENT, AT_CLIENT + 8);
  for (const name of names) if (shortHash(name) === wanted) return name;
  return '';
}

/** Hashes of names seen before: authorities, origins and clients repeat on every request. Bounded. */
const shortHashes = createGenerations<string>(256);

/** First 8 bytes of SHA-256, as latin1. */
function shortHash(text: string): string {
  const known = shortHashes.get(text);
  if (known !== undefined) return known;
  const made = Buffer.from(hash('sha256', text, 'hex').slice(0, 16), 'hex').toString('latin1');
  shortHashes.set(text, made);
  return made;
}

/** Pads and content of one ticket. */
const PLACE = PADS + 128;
const SLAB_TICKETS = 256;

interface SlabPlace {
  readonly slab: Buffer;
  readonly at: number;
}

/**
 * Deals out places in slabs, because a buffer of its own would cost a ticket more than its content; a slab is freed
 * when the last ticket that lies in it is forgotten.
 */
function createSlabs(): () => SlabPlace {
  let slab = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at >= slab.length) {
      slab = createPads(SLAB_TICKETS, PLACE);
      at = 0;
    }
    const place = { slab, at };
    at += PLACE;
    return place;
  };
}

const expandInputs: Readonly<Record<ProofPurpose, string>> = {
  proof: Buffer.from(expandInput('proof')).toString('latin1'),
  sync: Buffer.from(expandInput('sync')).toString('latin1'),
};
const secretPads = createPads();

/** HKDF-Expand of the entry secret to 32 bytes: one HMAC. The key as latin1. */
function expand(slab: Buffer, contentAt: number, purpose: ProofPurpose): string {
  writePads(secretPads, 0, readLatin1(slab, contentAt + AT_SECRET, contentAt + AT_SECRET + 32));
  return macLatin1(secretPads, 0, expandInputs[purpose]);
}

/**
 * Whether `signature` (canonical base64, 44 characters) is the HMAC-SHA-256 of the signature base under the ticket's
 * key for this purpose. Compares in constant time. The base is bytes: latin1, as header values arrive.
 */
export function verifyProof(
  ticket: OpenTicket,
  base: string,
  signature: string,
  purpose: ProofPurpose = 'proof',
): boolean {
  const mac = purpose === 'proof' ? macBase64(ticket.slab, ticket.at, base) : macBase64(ticket.syncPads(), 0, base);
  return equalConstantTime(mac, signature);
}
