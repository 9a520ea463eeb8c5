import { createTable } from './throttle-table.ts';

/** So many in a window, per key: for what sends mail, makes accounts or hands out challenges. */
export interface Limiter {
  /** Seconds to wait; 0 where it may go on, which then counts. */
  take(key: string): number;
}

export function createLimiter(most: number, windowMs: number, monotonic: () => number, entries = 20_000): Limiter {
  const table = createTable<{ readonly from: number; count: number }>(entries);
  return {
    take(key) {
      const now = monotonic();
      const found = table.get(key);
      if (found === undefined || now - found.from >= windowMs) {
        table.set(key, { from: now, count: 1 });
        return 0;
      }
      if (found.count >= most) return Math.max(1, Math.ceil((found.from + windowMs - now) / 1000));
      found.count++;
      return 0;
    },
  };
}
