import { type Bill, billOf, type Needs } from './bill.ts';
import type { Prices } from './prices.ts';

/** Time spent by an attacker. */
export interface Spend {
  /** Seconds of CPU, user and system together; null where it could not be measured. */
  readonly cpu: number | null;
  /** Seconds on the clock. */
  readonly wall: number;
}

/** One stretch of an attacker's tries. */
export interface Stretch {
  readonly spend: Spend;
  readonly tried: number;
  /** How many of these the backend answered. */
  readonly admitted: number;
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
  /**
   * CPU seconds per 1,000 admitted calls; null where not measured. By the stretch in which a try took least: what other programs
   * on the machine add to the rest is not the attacker's price.
   */
  readonly cpuSeconds: number | null;
  /** Wall seconds per 1,000 admitted calls, made one after another. */
  readonly wallSeconds: number;
  /** CPU against a plain call, both by the stretch in which they took least; null where there is none. */
  readonly cpuRatio: number | null;
  /** Wall against a plain call: the median of the pairs; null where there are none. */
  readonly wallRatio: number | null;
  /** Stretches that it was measured by. */
  readonly stretches: number;
  /** How far apart the CPU of a try lay in them ({@link unrestOf}): near 0 where the machine did nothing else. */
  readonly unrest: number;
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
  readonly stretches: readonly Stretch[];
  readonly pairs: readonly Pair[];
  readonly needs: Needs;
}

/** Null where nothing was admitted: what never succeeds has no price. */
export function costOf({ stretches, pairs, needs }: Measured, prices: Prices): Cost | null {
  const whole = sumOf(stretches);
  if (whole === null || whole.admitted === 0) return null;
  const tries = cpuOfTries(stretches);
  const least = tries.length === 0 ? null : Math.min(...tries);
  const plain = Math.min(...pairs.map((pair) => pair.plain.cpu ?? Number.POSITIVE_INFINITY));
  const call = least === null ? null : (least * whole.tried) / whole.admitted;
  const cpuSeconds = call === null ? null : call * 1000;
  const wallSeconds = (whole.spend.wall / whole.admitted) * 1000;
  return {
    cpuSeconds,
    wallSeconds,
    cpuRatio: call === null || !Number.isFinite(plain) || plain === 0 ? null : call / plain,
    wallRatio: median(pairs.map(({ call, plain }) => (plain.wall === 0 ? null : call.wall / plain.wall))),
    stretches: stretches.length,
    unrest: unrestOf(tries),
    bill: billOf({ cpuSeconds, wallSeconds }, needs, prices),
  };
}

/** All of them as one; null for none. */
export function sumOf(stretches: readonly Stretch[]): Stretch | null {
  const [first, ...rest] = stretches;
  if (first === undefined) return null;
  return rest.reduce(
    (sum, one) => ({
      spend: addSpend(sum.spend, one.spend),
      tried: sum.tried + one.tried,
      admitted: sum.admitted + one.admitted,
    }),
    first,
  );
}

/** CPU seconds of one try in each of them, where it was measured. */
const cpuOfTries = (stretches: readonly Stretch[]): number[] =>
  stretches.flatMap(({ spend, tried }) => (spend.cpu === null || tried === 0 ? [] : [spend.cpu / tried]));

/** Part by which the middle half of these lie apart, against the one in the middle: 0 for too few to say. */
export function unrestOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
  return sorted.length < 4 || at(0.5) === 0 ? 0 : (at(0.75) - at(0.25)) / at(0.5);
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
