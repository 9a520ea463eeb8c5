import type { Whereabouts } from '../guard/drift.ts';
import { equalConstantTime } from '../lib/bytes.ts';
import { expandInput } from '../wire/entry.ts';
import { createPads, macBase64, macLatin1, PADS, writePads } from './hmac.ts';
import { readLatin1 } from './platform.ts';
import {
  AT_AUTHORITY,
  AT_CREATED,
  AT_EPOCH,
  AT_EXPIRES,
  AT_ID,
  AT_ISSUED,
  AT_ORIGIN,
  AT_SECRET,
  AT_SESSION,
  AT_SESSION_PLACE,
  AT_WINDOW_PLACE,
  AT_FROM,
  shortHash,
} from './ticket-layout.ts';
import type { SlabPlace } from './ticket-slabs.ts';
import { readWhereabouts } from './whereabouts.ts';

/** Purposes whose proofs the server checks. */
export type ProofPurpose = 'proof' | 'sync';

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

  /**
   * Key of one purpose, 32 bytes: HKDF-Expand of the entry secret (docs/protocol.md §2.3).
   * @param info as in RFC 5869 §2.3
   */
  deriveKey(info: Uint8Array): Buffer {
    const input = Buffer.concat([info, ONE]).toString('latin1');
    return Buffer.from(expandWith(this.slab, this.at + PADS, input), 'latin1');
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

const expandInputs: Readonly<Record<ProofPurpose, string>> = {
  proof: Buffer.from(expandInput('proof')).toString('latin1'),
  sync: Buffer.from(expandInput('sync')).toString('latin1'),
};
const secretPads = createPads();
/** T(1) is all there is for 32 bytes. */
const ONE = Buffer.of(1);

/** HKDF-Expand of the entry secret to 32 bytes: one HMAC. The key as latin1. */
function expand(slab: Buffer, contentAt: number, purpose: ProofPurpose): string {
  return expandWith(slab, contentAt, expandInputs[purpose]);
}

function expandWith(slab: Buffer, contentAt: number, input: string): string {
  writePads(secretPads, 0, readLatin1(slab, contentAt + AT_SECRET, contentAt + AT_SECRET + 32));
  return macLatin1(secretPads, 0, input);
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
