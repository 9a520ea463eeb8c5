import { createHmac, hkdfSync } from 'node:crypto';
import { BUCKETS, type Visitor } from '../guard/rollout.ts';
import type { RequestView } from '../guard/view.ts';
import type { SessionCookies } from './session-cookie.ts';
import type { Tickets } from './ticket.ts';
import { ticketIn } from './ticket-text.ts';

/** Who belongs to which share of a roll-out. */
export interface Buckets {
  /** Of the session, or of the network prefix where none can be read. */
  of(request: RequestView, prefix: string, now: number): number;
  /** Null where neither cookie nor ticket is ours and in time. Whether the session still lives is not asked. */
  visitor(request: RequestView, now: number): Visitor | null;
}

export interface BucketsParts {
  readonly secret: Uint8Array;
  readonly cookies: Pick<SessionCookies, 'open'>;
  readonly tickets: Pick<Tickets, 'openTicket'>;
}

/**
 * The bucket is a keyed hash, so that nobody finds a session for a bucket without asking the gate, and the same under the
 * same secret, whichever process or instance asks. A session's cookie goes before a ticket.
 */
export function createBuckets({ secret, cookies, tickets }: BucketsParts): Buckets {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'sallyport rollout', 32));
  const bucketOf = (kind: 'session' | 'prefix', name: string): number =>
    createHmac('sha256', key).update(`${kind} ${name}`).digest().readUIntBE(0, 6) % BUCKETS;

  const owner = (request: RequestView, now: number): Omit<Visitor, 'bucket'> | null => {
    const { cookie } = request.headers;
    const opened = cookie === '' ? null : cookies.open(cookie, now);
    if (opened !== null) return { session: opened.id, created: opened.created };
    const text = ticketIn(request);
    const ticket = text === '' ? '' : tickets.openTicket(text);
    return typeof ticket === 'string' ? null : { session: ticket.session, created: ticket.sessionCreated };
  };

  return {
    of(request, prefix, now) {
      const found = owner(request, now);
      return found === null ? bucketOf('prefix', prefix) : bucketOf('session', found.session);
    },
    visitor(request, now) {
      const found = owner(request, now);
      return found === null ? null : { ...found, bucket: bucketOf('session', found.session) };
    },
  };
}
