import { type Bill, billOf, type Needs } from './bill.ts';
import type { Prices } from './prices.ts';

/** Time spent by an attacker. */
export interface Spend {
  /** Seconds of CPU, user and system together; null where it could not be measured. */
  readonly cpu: number | null;
  /** Seconds on the clock. */
  readonly wall: number;
}

/**
 * A stretch of an attacker's calls and the plain calls made right after it: what slows this machine down slows both.
 */
export interface Pair {
  /** Time of one admitted call of the attacker. */
  readonly call: Spend;
  /** Time of one plain call, whatever it was answered. */
  readonly plain: Spend;
}

/** What a thousand admitted calls cost the attacker, and how that compares with plain calls of the same run. */
export interface Cost {
  /** CPU seconds per 1,000 admitted calls; null where not measured. */
  readonly cpuSeconds: number | null;
  /** Wall seconds per 1,000 admitted calls, made one after another. */
  readonly wallSeconds: number;
  /** CPU against a plain call: the median of the pairs; null where there are none. */
  readonly cpuRatio: number | null;
  readonly wallRatio: number | null;
  /** By assumed prices; null where CPU was not measured. */
  readonly bill: Bill | null;
}

/** Measures the running process: attackers run in it, the gate and the backend run elsewhere. */
export interface Meter {
  start(): () => Spend;
}

export const processMeter: Meter = {
  start() {
    const cpu = process.cpuUsage();
    const wall = performance.now();
    return () => {
      const used = process.cpuUsage(cpu);
      return { cpu: (used.user + used.system) / 1e6, wall: (performance.now() - wall) / 1e3 };
    };
  },
};

export function addSpend(a: Spend, b: Spend): Spend {
  return { cpu: a.cpu === null || b.cpu === null ? null : a.cpu + b.cpu, wall: a.wall + b.wall };
}

/** What was measured of an attacker that got in. */
export interface Measured {
  readonly spend: Spend;
  readonly admitted: number;
  readonly pairs: readonly Pair[];
  readonly needs: Needs;
}

/** Null where nothing was admitted: what never succeeds has no price. */
export function costOf({ spend, admitted, pairs, needs }: Measured, prices: Prices): Cost | null {
  if (admitted === 0) return null;
  const cpuSeconds = spend.cpu === null ? null : (spend.cpu / admitted) * 1000;
  const wallSeconds = (spend.wall / admitted) * 1000;
  return {
    cpuSeconds,
    wallSeconds,
    cpuRatio: median(pairs.map(({ call, plain }) => (call.cpu === null || !plain.cpu ? null : call.cpu / plain.cpu))),
    wallRatio: median(pairs.map(({ call, plain }) => (plain.wall === 0 ? null : call.wall / plain.wall))),
    bill: billOf({ cpuSeconds, wallSeconds }, needs, prices),
  };
}

/** Of the values there are; null for none. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  if (upper === undefined) return null;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? upper)) / 2 : upper;
}

/** Spend of one call out of several. */
export function perCall(spend: Spend, calls: number): Spend {
  return { cpu: spend.cpu === null ? null : spend.cpu / calls, wall: spend.wall / calls };
}
