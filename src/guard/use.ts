import type { Reservation } from './budget.ts';
import type { LimitScope } from './config-use.ts';
import type { Cap } from './ledger.ts';

/**
 * The rules of use of one route: how much, by whom. Compiled once; the request only says that it falls under them
 * (`Claims.use`), and state counts in its commit. What a rule counts by is found in the claims.
 */
export interface UseRules {
  readonly limits: readonly LimitRule[];
  readonly concurrent: readonly ConcurrentRule[];
}

/** A rate with a burst: the generic cell rate algorithm, of which state keeps one number a bucket. */
export interface LimitRule {
  /** The same for rules of one name, and only for them, in this process; see {@link ruleNumber}. */
  readonly number: number;
  /** Names the bucket, in every process the same: `POST /api/chat 20/minute per session`. */
  readonly name: string;
  readonly scope: LimitScope;
  /** Milliseconds for each request at the steady rate. */
  readonly interval: number;
  /** Milliseconds that a full bucket is worth: the burst times the interval. */
  readonly depth: number;
  /** Milliseconds that a call may be held back in place of a refusal; 0 for none. */
  readonly wait: number;
}

/** Requests, streams among them, that may be open at a time. */
export interface ConcurrentRule {
  readonly number: number;
  readonly name: string;
  readonly scope: LimitScope;
  readonly most: number;
}

/** For routes without rules of use. Compared by identity. */
export const NO_USE: UseRules = Object.freeze({ limits: Object.freeze([]), concurrent: Object.freeze([]) });

/** What a request took that has to be given back: when it failed, or when it has ended. Made and read by state alone. */
export interface Hold {
  readonly kind: string;
}

/** What the commit found of a request's rules of use: state writes it, the guard reads it. */
export interface UseResult {
  /** The limit that had no room; null where all had. */
  refusedBy: LimitRule | ConcurrentRule | null;
  /** Seconds after which what failed may pass; 0 where time alone changes nothing. */
  retryAfter: number;
  /** Milliseconds by which this request comes too early for a rule that holds calls back. */
  delay: number;
  /** The limit with the fewest requests left; null without any. */
  tightest: LimitRule | null;
  /** Requests that it has left at once. */
  left: number;
  /** Seconds until it is full again. */
  fullIn: number;
  /** The step that is missing; '' where none is. */
  missing: string;
  /** What has to be closed at the end; null where nothing has. */
  hold: Hold | null;
  /** The account that had not enough money; null where all had. */
  short: Cap | null;
  /** What was reserved; null for nothing. */
  reserved: Reservation | null;
}

export const newUseResult = (): UseResult => ({
  refusedBy: null,
  retryAfter: 0,
  delay: 0,
  tightest: null,
  left: 0,
  fullIn: 0,
  missing: '',
  hold: null,
  short: null,
  reserved: null,
});

/** For requests that fall under no rule of use: nobody writes it. */
export const NOT_USED: UseResult = Object.freeze(newUseResult());

const numbers = new Map<string, number>();
const names: string[] = [];

/** Small numbers for the names that rules have in this process, over reloads as well: configurations bound them. */
export function ruleNumber(name: string): number {
  const known = numbers.get(name) ?? numbers.size;
  numbers.set(name, known);
  names[known] = name;
  return known;
}

/** What a number of {@link ruleNumber} stands for: other processes have other numbers. '' for none that was given. */
export const ruleNameOf = (number: number): string => names[number] ?? '';

/** What a request falls under that falls under two routes' rules: all of both, once each. */
export function bothUses(first: UseRules, second: UseRules): UseRules {
  if (second === NO_USE || first === second) return first;
  if (first === NO_USE) return second;
  return Object.freeze({
    limits: joined(first.limits, second.limits),
    concurrent: joined(first.concurrent, second.concurrent),
  });
}

/** Rules of two lists, once each. */
export function joined<R extends { readonly number: number }>(first: readonly R[], second: readonly R[]): readonly R[] {
  const more = second.filter(({ number }) => !first.some((rule) => rule.number === number));
  return more.length === 0 ? first : [...first, ...more];
}

/** Rules that are in both lists. */
export function shared<R extends { readonly number: number }>(first: readonly R[], second: readonly R[]): readonly R[] {
  const both = first.filter(({ number }) => second.some((rule) => rule.number === number));
  return both.length === first.length ? first : both;
}

/** Rules of the first list that are not in the second. */
export function apart<R extends { readonly number: number }>(first: readonly R[], second: readonly R[]): readonly R[] {
  return second.length === 0 ? first : first.filter(({ number }) => !second.some((rule) => rule.number === number));
}
