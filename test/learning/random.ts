/** Random numbers that are the same for the same seed (mulberry32). */
export interface Random {
  /** 0 to 1. */
  next(): number;
  /** Whether something of this chance happens. */
  chance(share: number): boolean;
  /** A whole number, both ends included. */
  whole(from: number, to: number): number;
  pick<T>(all: readonly T[]): T;
  /** Waiting times of people: many short ones, few long ones; around this many milliseconds. */
  pause(median: number): number;
}

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    chance: (share) => next() < share,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick<T>(all: readonly T[]): T {
      const one = all[Math.floor(next() * all.length)];
      if (one === undefined) throw new TypeError('nothing to pick from');
      return one;
    },
    pause(median) {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return Math.round(median * Math.exp(0.8 * normal));
    },
  };
}
