import type { Spread } from './pairs.ts';

/** One line of bench/results.json. */
export interface Result {
  readonly goal: number;
  readonly name: string;
  /** A ratio, or a figure whose unit stands in the name. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** `≥ 0.65`, `≤ 8`; '' for what is only shown. */
  readonly target: string;
  /** Null for what is only shown. */
  readonly met: boolean | null;
}

export function atLeast(goal: number, name: string, spread: Spread, target: number): Result {
  return { goal, name, ...rounded(spread), target: `≥ ${target}`, met: spread.ratio >= target };
}

export function atMost(goal: number, name: string, spread: Spread, target: number): Result {
  return { goal, name, ...rounded(spread), target: `≤ ${target}`, met: spread.ratio <= target };
}

export function shown(goal: number, name: string, spread: Spread): Result {
  return { goal, name, ...rounded(spread), target: '', met: null };
}

/** A figure that is not repeated. */
export const once = (value: number): Spread => ({ ratio: value, low: value, high: value });

function rounded({ ratio, low, high }: Spread): Spread {
  return { ratio: toDigits(ratio), low: toDigits(low), high: toDigits(high) };
}

function toDigits(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}

export function lineOf(result: Result): string {
  const verdict = result.met === null ? '        ' : result.met ? 'met     ' : 'MISSED  ';
  const spread = result.low === result.high ? '' : `  (${result.low} – ${result.high})`;
  const target = result.target === '' ? '' : `  goal ${result.target}`;
  return `  ${verdict}${result.name}: ${result.ratio}${spread}${target}`;
}
