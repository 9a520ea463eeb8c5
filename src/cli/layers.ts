import { randomBytes, randomFillSync } from 'node:crypto';
import { createFormTokens } from '../doors/anti-forgery.ts';
import { createRandom } from '../doors/random.ts';
import { createKeyRing } from '../doors/seal.ts';
import { createSessionCookies } from '../doors/session-cookie.ts';
import { createTickets } from '../doors/ticket.ts';
import { createWhereabouts } from '../doors/whereabouts.ts';
import type { Layer } from '../guard/layer.ts';
import { defaultLayers } from '../index.ts';
import { systemClock } from '../lib/clock.ts';

/** The layers a gate would run, only to be asked what they check: their keys open nothing. */
export function layersToAsk(): readonly Layer[] {
  const clock = systemClock;
  const random = createRandom(randomFillSync);
  const ring = createKeyRing({ secret: randomBytes(32), clock, random });
  const sessions = createSessionCookies({
    ring,
    clock,
    cookieName: () => '',
    times: () => ({ idle: 1, max: 1, recent: 1 }),
  });
  return defaultLayers({
    forms: createFormTokens({ ring, random, wall: clock.wall, sessions }),
    identity: null,
    keys: null,
    clock,
    tickets: createTickets({ ring, clock, clients: () => [] }),
    cookies: sessions,
    whereabouts: createWhereabouts(randomBytes(32)),
  });
}
