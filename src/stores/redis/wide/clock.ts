import { SteadyClock } from '../../memory/clock.ts';

/** Which times counters go by. */
export interface CounterClock {
  /** Steady milliseconds of this process, read for a request at this time of the guard's wall clock. */
  read(wall: number): number;
  /** The same between requests. */
  now(): number;
  /** What scripts go by: steady and wall clock; '' for the server's own. */
  told(): { readonly steady: number | ''; readonly wall: number | '' };
  /** Milliseconds after which what is held ahead counts as spent; it is given back well before. */
  readonly aheadLife: number;
  /** Milliseconds that the server keeps counters for longer than they are needed. */
  readonly slack: number;
}

/** The server's clock for all that is counted, so that it matters to nobody what gates believe the time to be. */
export const SERVER_CLOCK: CounterClock = Object.freeze({
  read: () => performance.now(),
  now: () => performance.now(),
  told: () => ({ steady: '', wall: '' }) as const,
  aheadLife: 2000,
  slack: 1000,
});

/** For tests: time is what requests say it is. */
export function callersClock(aheadLife = 3_600_000): CounterClock {
  const clock = new SteadyClock(null);
  let first = Number.NaN;
  let latest = 0;
  const now = () => (Number.isNaN(first) ? 0 : first + clock.elapsed);
  return {
    read(wall) {
      if (Number.isNaN(first)) first = wall;
      latest = wall;
      clock.read(wall);
      return now();
    },
    now,
    told: () => ({ steady: now(), wall: latest }),
    aheadLife,
    slack: 3_600_000,
  };
}
