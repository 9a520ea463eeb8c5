import { createFormTokens, type FormTokens } from '../doors/anti-forgery.ts';
import { type Buckets, createBuckets } from '../doors/buckets.ts';
import { createSessionCookies, type SessionCookies } from '../doors/session-cookie.ts';
import { createStamps, type Stamps } from '../doors/stamp.ts';
import { createTickets, type Tickets } from '../doors/ticket.ts';
import { createWhereabouts, type WhereaboutsReader } from '../doors/whereabouts.ts';
import type { Guard } from '../guard/guard.ts';
import type { Ground } from './ground.ts';

/** Everything that the doors seal and open again. */
export interface Doors {
  readonly tickets: Tickets;
  readonly cookies: SessionCookies;
  readonly stamps: Stamps;
  readonly whereabouts: WhereaboutsReader;
  readonly buckets: Buckets;
  readonly forms: FormTokens;
  readonly formToken: NonNullable<Guard['formToken']>;
}

export function createDoors({ ring, clock, random, secret, policy }: Ground): Doors {
  const tickets = createTickets({ ring, clock, clients: () => policy().clients.keys() });
  const cookies = createSessionCookies({
    ring,
    clock,
    cookieName: () => policy().sessionCookie,
    times: () => policy().session,
  });
  const forms = createFormTokens({ ring, random, wall: clock.wall, sessions: cookies });
  return {
    tickets,
    cookies,
    stamps: createStamps({ ring, clock, random, cookieName: () => policy().stampCookie }),
    whereabouts: createWhereabouts(secret),
    buckets: createBuckets({ secret, cookies, tickets }),
    forms,
    formToken(request, { proof, subject, prefix }) {
      const rule = policy().antiForgery;
      const facts = { ticket: proof?.ticket ?? null, subject, prefix };
      return rule === null ? null : forms.issue(forms.visitorOf(request, facts), rule);
    },
  };
}
