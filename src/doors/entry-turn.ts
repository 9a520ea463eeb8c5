import type { EntryGrant } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { EntryDeps } from './entry.ts';
import type { Prepared } from './entry-claim.ts';

/**
 * Seconds that a new visitor waits whose network has used up its allowance. Less than what the page waits for an entry (20 s).
 */
export const TURN_SECONDS = 8;

export interface Turn {
  readonly grant: EntryGrant;
  /** When it was given. */
  readonly now: number;
}

/**
 * What state grants: at once, or where there is no room for one more session, after a wait. Who has waited gets in, so that
 * nobody who farms sessions keeps a neighbour out; beyond its network's allowance as one of the crowd, so that a farm of
 * those is worth no more sessions than that. The wait binds a request, and these are bounded: many at once wait no less than one.
 */
export function inTurn(
  { state, room, clock }: EntryDeps,
  { claim, isNew }: Pick<Prepared, 'claim' | 'isNew'>,
  waiter: RequestView['waiter'],
): Eventually<Turn> {
  const { now, prefix } = claim;
  const waits = (refused: EntryGrant): Eventually<Turn> => {
    if (room === undefined || !room.hasRoom(prefix)) return { grant: refused, now };
    return room.wait(TURN_SECONDS * 1000, prefix, waiter).then(async (stayed) => {
      const later = clock.wall();
      return stayed
        ? { grant: await state.enter({ ...claim, now: later, crowd: true }), now: later }
        : { grant: refused, now };
    });
  };
  // Nobody overtakes those who wait.
  if (isNew && room?.isWaiting(prefix) === true) return waits(PUT_OFF);
  return whenKnown(state.enter(claim), (grant) => (!grant.ok && grant.waits === true ? waits(grant) : { grant, now }));
}

const PUT_OFF: EntryGrant = Object.freeze({ ok: false, code: 'limit', retryAfter: 20 });
