import type { NewBan } from './ban-rule.ts';
import type { Bans } from './keys.ts';

export interface BanBook extends Bans {
  add(ban: NewBan): void;
}

/** After records took a ban up they say how long it holds: they alone know when somebody lifts it. */
const HANDED_OVER_MS = 2000;
const MOST = 10_000;

/**
 * Bans that hold, those that a rule has just made among them: a ban holds from this moment on in this process, and where
 * records are, from there.
 *
 * @param write hands a ban to records; answers false where there are none, and then it holds here until it ends
 */
export function createBanBook(
  stored: Bans | null,
  write: (ban: NewBan) => Promise<boolean>,
  wall: () => number,
): BanBook {
  let made = new Map<string, number>();

  return {
    has: (kind, value) =>
      (made.size > 0 && (made.get(`${kind} ${value}`) ?? 0) > wall()) || stored?.has(kind, value) === true,
    isEmpty: (kind) => made.size === 0 && (stored?.isEmpty(kind) ?? true),
    add(ban) {
      const name = `${ban.kind === 'prefix' ? 'mint' : ban.kind} ${ban.value}`;
      if (made.size >= MOST) made = new Map([...made].filter(([, until]) => until > wall()).slice(MOST / 2));
      made.set(name, ban.until);
      // Where records fail the ban holds here all the same.
      write(ban).then(
        (kept) => {
          if (kept) made.set(name, Math.min(ban.until, wall() + HANDED_OVER_MS));
        },
        () => {},
      );
    },
  };
}
