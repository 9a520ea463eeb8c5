import type { Clock } from '../lib/clock.ts';
import { createGenerations } from '../lib/generations.ts';
import { OpenTicket } from './open-ticket.ts';
import { ownCopy, readLatin1 } from './platform.ts';
import type { KeyRing, OpenFailure } from './seal.ts';
import { AT_CLIENT, encodeTicket, LENGTH, shortHash, type TicketContent, VERSION } from './ticket-layout.ts';
import { createSlabs } from './ticket-slabs.ts';

/**
 * Tickets: the encrypted record of one entry, as RFC 8446 §4.6.1 keeps sessions. It holds the entry secret, from which
 * each purpose derives its key, and says where the entry's window and session lie; so a request looks nothing up.
 */

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

function clientNamed(names: Iterable<string>, content: Buffer): string {
  const wanted = readLatin1(content, AT_CLIENT, AT_CLIENT + 8);
  for (const name of names) if (shortHash(name) === wanted) return name;
  return '';
}
