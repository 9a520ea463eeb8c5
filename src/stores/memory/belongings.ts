import type { Orders } from './orders.ts';
import type { Payer } from './payer.ts';
import type { Served } from './served.ts';
import type { Uses } from './uses.ts';

/** Hands what a session has to its successor, at this steady time. */
export type Bequest = (successor: Payer, now: number) => void;

/** What a session has besides its windows: what it has used, done and been given. */
export interface Belongings {
  /** Of a session that is about to be forgotten. */
  bequeath(session: Payer): Bequest;
  forget(session: Payer): void;
}

export function createBelongings(uses: Uses, orders: Orders, served: Served): Belongings {
  return {
    bequeath(session) {
      const [crowd, steps, given] = [uses.crowdOf(session), orders.of(session), served.of(session)];
      return (successor, now) => {
        if (crowd !== '') uses.join(successor, crowd);
        uses.move(session, successor, now);
        if (steps !== undefined) orders.give(successor, steps);
        if (given !== undefined) served.carry(successor, given);
      };
    },
    forget(session) {
      uses.leave(session);
      orders.forget(session);
      served.forget(session);
    },
  };
}
