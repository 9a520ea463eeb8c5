import { type BanBook, createBanBook } from '../guard/ban-book.ts';
import { type Failure, type NewBan, watchFailures } from '../guard/ban-rule.ts';
import type { Bans } from '../guard/keys.ts';
import type { Siblings } from '../guard/siblings.ts';
import type { Ground } from './ground.ts';

/** Who is kept out, and what makes a rule keep somebody out. */
export interface Banning {
  /** Null where nobody can be. */
  readonly bans: BanBook | null;
  /** Told of calls that failed here, and tells those beside us. */
  readonly failed: (failure: Failure) => void;
  /** One that another guard saw. */
  readonly learn: (failure: Failure) => void;
}

export interface BanningParts {
  /** Bans that records know of; null where nobody says. */
  readonly known: Bans | null;
  readonly siblings: Siblings | null;
  /** Writes down a ban that a rule has made; false where that cannot be. */
  readonly keep: (ban: NewBan) => Promise<boolean>;
}

export function createBanning({ config, clock, policy }: Ground, { known, siblings, keep }: BanningParts): Banning {
  const takesBans = known !== null || config.bans !== undefined;
  const bans = takesBans ? createBanBook(known, keep, clock.wall) : null;
  const watch = watchFailures({
    rule: () => policy().bans,
    wall: clock.wall,
    monotonic: clock.monotonic,
    ban: (ban) => bans?.add(ban),
  });
  return {
    bans,
    failed(failure) {
      watch.failed(failure);
      siblings?.tell({ kind: 'failed', failure });
    },
    learn: watch.learn,
  };
}
