import type { LearnedOrder } from './order.ts';
import { quantile, type Weighted, wilsonLower } from './statistics.ts';

/** How long a call comes after the step before it, and what is proposed of it: seconds. */
export interface LearnedSpan {
  readonly seconds: number;
  /** What 85 of 100 sessions come to, with the uncertainty of so few sessions: seconds. */
  readonly usual: number;
  /** Sessions that it rests on, and those that keep it, weighed. */
  readonly sessions: number;
  readonly kept: number;
}

export interface LearnedSpans {
  readonly notBefore: LearnedSpan | null;
  readonly within: LearnedSpan | null;
}

/** How long calls came after their steps, in bounded memory. */
export interface SpanBook {
  /**
   * One call, in the order of their times.
   *
   * @param session the hash of its name
   * @param time milliseconds
   */
  add(session: number, route: number, isDone: boolean, time: number): void;
  /** By route. @param weightOf what a session counts for; 0 for nothing */
  spans(weightOf: (session: number) => number): ReadonlyMap<number, LearnedSpans>;
}

/** Of one session and route: milliseconds, and the calls after less than 1, 2, 4 … seconds. */
interface Gaps {
  readonly route: number;
  shortest: number;
  longest: number;
  calls: number;
  readonly sooner: number[];
}

/** Seconds that `notBefore` may be. */
const SOONEST = [64, 32, 16, 8, 4, 2, 1] as const;
const MOST_SESSIONS = 50_000;
/** With no exception that takes 381 sessions. */
const CONFIDENCE = 0.99;
/** What 85 of 100 sessions come to; of the quickest and slowest eighth nothing is believed. */
const AT = 0.85;
const BELIEVED = 0.88;
/** People are at times so much quicker than most are mostly; and stay away so much longer. */
const HURRY = 4;
const LONGER = 8;
/** A pause of an hour is nothing: seconds. */
const LEAST_WITHIN = 3600;
/** Logs tell whole seconds: milliseconds. */
const RESOLUTION = 1000;

/** @param orders what is called after what */
export function createSpanBook(orders: readonly LearnedOrder[]): SpanBook {
  const before = new Map(orders.map(({ route, after }) => [route, after]));
  const steps = new Set(before.values());
  const sessions = new Map<number, { readonly done: number[]; readonly gaps: Gaps[] }>();
  return {
    add(name, route, isDone, time) {
      const after = before.get(route);
      if (after === undefined && !steps.has(route)) return;
      let session = sessions.get(name);
      if (session === undefined) {
        if (sessions.size >= MOST_SESSIONS) return;
        session = { done: [], gaps: [] };
        sessions.set(name, session);
      }
      const since = after === undefined ? undefined : session.done[placeIn(session.done, after) + 1];
      if (since !== undefined) note(session.gaps, route, Math.max(0, time - since));
      if (!isDone || !steps.has(route)) return;
      const place = placeIn(session.done, route);
      session.done[place] = route;
      session.done[place + 1] = time;
    },
    spans(weightOf) {
      const weighed = [...sessions].map(([name, { gaps }]) => ({ weight: weightOf(name), gaps }));
      const soonest = new Map([...before.keys()].map((route) => [route, soonestOf(route, weighed)]));
      // Programs that never wait are told by that, and then it is asked again without them.
      const calm = weighed.filter(({ gaps }) => !isHasty(gaps, soonest));
      const patient = weightIn(weighed) - weightIn(calm) <= MOST_LEFT_OUT * weightIn(weighed) ? calm : weighed;
      return new Map(
        [...before.keys()].map((route) => [
          route,
          { notBefore: notBefore(route, patient), within: within(route, patient) },
        ]),
      );
    },
  };
}

/** Where a step stands in a list of steps, each with when it was last done; the end where it does not. */
function placeIn(done: readonly number[], step: number): number {
  let at = 0;
  while (at < done.length && done[at] !== step) at += 2;
  return at;
}

interface Weighed {
  readonly weight: number;
  readonly gaps: readonly Gaps[];
}

/** Sessions that never wait are a minority, or it is how the app is used. */
const MOST_LEFT_OUT = 0.12;
/** Whoever hurries makes a few such calls; a program makes all of them so. */
const MOST_HASTY = 8;

function note(gaps: Gaps[], route: number, gap: number): void {
  let own = gaps.find((one) => one.route === route);
  if (own === undefined) {
    own = { route, shortest: gap, longest: gap, calls: 0, sooner: SOONEST.map(() => 0) };
    gaps.push(own);
  }
  own.shortest = Math.min(own.shortest, gap);
  own.longest = Math.max(own.longest, gap);
  own.calls += 1;
  for (const [place, seconds] of SOONEST.entries())
    if (gap < 1000 * seconds) own.sooner[place] = (own.sooner[place] ?? 0) + 1;
}

const gapsOf = (route: number, sessions: readonly Weighed[], of: (gaps: Gaps) => number): Weighted[] =>
  sessions.flatMap(({ weight, gaps }) => {
    const own = gaps.find((one) => one.route === route);
    return own === undefined || weight === 0 ? [] : [{ value: of(own), weight }];
  });

const weightIn = (sessions: readonly Weighed[]): number => sessions.reduce((sum, { weight }) => sum + weight, 0);

/** What is sooner than a quarter of what nearly all take: seconds; 0 where they do not wait. */
function soonestOf(route: number, sessions: readonly Weighed[]): number {
  // The lower end of the shortest is the upper end of what they are below zero.
  const { upper } = quantile(
    gapsOf(route, sessions, ({ shortest }) => -shortest),
    AT,
    BELIEVED,
  );
  const usual = -upper - RESOLUTION;
  return SOONEST.find((seconds) => HURRY * seconds * 1000 <= usual) ?? 0;
}

/** Many calls, most of them sooner than nearly anybody else makes them. */
function isHasty(gaps: readonly Gaps[], soonest: ReadonlyMap<number, number>): boolean {
  const soonerIn = ({ route, sooner }: Gaps): number =>
    sooner[SOONEST.findIndex((seconds) => seconds <= (soonest.get(route) ?? 0))] ?? 0;
  const calls = gaps.reduce((sum, one) => sum + one.calls, 0);
  const hasty = gaps.reduce((sum, one) => sum + soonerIn(one), 0);
  return hasty >= MOST_HASTY && hasty > 0.5 * calls;
}

function notBefore(route: number, sessions: readonly Weighed[]): LearnedSpan | null {
  const seconds = soonestOf(route, sessions);
  if (seconds === 0) return null;
  const gaps = gapsOf(route, sessions, ({ shortest }) => -shortest);
  const { upper, support } = quantile(gaps, AT, BELIEVED);
  return spanOf(seconds, -upper / 1000, support, gaps, ({ value }) => -value >= 1000 * seconds);
}

function within(route: number, sessions: readonly Weighed[]): LearnedSpan | null {
  const gaps = gapsOf(route, sessions, ({ longest }) => longest);
  const { upper, support } = quantile(gaps, AT, BELIEVED);
  const hours = Math.ceil((LONGER * upper) / 1000 / LEAST_WITHIN);
  const seconds = Math.max(1, hours) * LEAST_WITHIN;
  return spanOf(seconds, upper / 1000, support, gaps, ({ value }) => value <= 1000 * seconds);
}

/** Null where not nearly all sessions keep it, for sure. */
function spanOf(
  seconds: number,
  usual: number,
  sessions: number,
  gaps: readonly Weighted[],
  isKept: (gap: Weighted) => boolean,
): LearnedSpan | null {
  const kept = gaps.filter(isKept).reduce((sum, { weight }) => sum + weight, 0);
  return wilsonLower(kept, sessions) >= CONFIDENCE ? { seconds, usual, sessions, kept } : null;
}
