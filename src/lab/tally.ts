import type { AnswerKind } from './answer.ts';
import { type Needs, NO_NEEDS } from './bill.ts';
import { addSpend, type Meter, type Pair, type Spend, type Stretch } from './cost.ts';

/** What one kind of attacker got. `not run` is neither: nothing was learned. */
export type Verdict = 'stopped' | 'slowed' | 'gets in' | 'not run';

/** How far an attacker has come. */
export type Mark = Pick<Stretch, 'tried' | 'admitted'>;

/** What an attacker writes its tries into; the one place where verdicts come from. */
export interface Tally {
  readonly meter: Meter;
  /** One try of the attacker, and who answered it. */
  add(kind: AnswerKind): void;
  /** One try that got past the gate as another address, by which the backend served something else. */
  elsewhere(): void;
  /** One try that the gate let in after it had made it wait, which {@link add} counts as well. */
  held(): void;
  /** One call beside the tries, by the honest client or to compare prices with, that the backend answered. */
  honest(): void;
  /** A remark for the report. */
  note(text: string): void;
  /** What was spent before the first call: opening the doors, starting a browser. */
  setup(spend: Spend): void;
  /** What a stretch of tries cost: those since `from`, or all there are. */
  spent(spend: Spend, from?: Mark): void;
  /** Where a stretch begins. */
  mark(): Mark;
  /** One stretch of calls beside plain ones. */
  pair(pair: Pair): void;
  /** What it has beside cores, for its bill. */
  needs(needs: Partial<Needs>): void;
  /** Tries so far that the backend answered. */
  readonly admitted: number;
}

export interface TallyResult {
  readonly tried: number;
  /** Tries that the backend answered. */
  readonly admitted: number;
  /** Calls beside the tries that the backend answered. */
  readonly honest: number;
  /** Tries that the backend answered as another address than the one under attack. */
  readonly elsewhere: number;
  /** Tries that got no answer at all. */
  readonly unanswered: number;
  /** Tries that were let in after a wait. */
  readonly held: number;
  /** Refusals by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** The gate's first word against it; null where there was none. */
  readonly detected: Detected | null;
  readonly notes: readonly string[];
  readonly setup: Spend | null;
  /** The measured tries: all but those that belong to the set-up. */
  readonly stretches: readonly Stretch[];
  readonly pairs: readonly Pair[];
  readonly needs: Needs;
}

/** When the gate first refused an attacker, asked something of it or made it wait. */
export interface Detected {
  /** Which of its tries that was, from 1. */
  readonly at: number;
  /** Seconds since the attacker began, what it did before its first try included. */
  readonly seconds: number;
}

export interface TallyBook extends Tally {
  result(): TallyResult;
}

export function createTally(meter: Meter): TallyBook {
  const refused: Record<string, number> = {};
  const notes: string[] = [];
  const counts = { tried: 0, admitted: 0, honest: 0, elsewhere: 0, unanswered: 0, held: 0 };
  const pairs: Pair[] = [];
  const stretches: Stretch[] = [];
  const since = meter.start();
  let detected: Detected | null = null;
  let needed = NO_NEEDS;
  let setup: Spend | null = null;
  const noticed = (): void => {
    detected ??= { at: counts.tried, seconds: since().wall };
  };
  return {
    meter,
    add(kind) {
      counts.tried += 1;
      if (kind.by === 'backend') counts.admitted += 1;
      else if (kind.by === 'nobody') counts.unanswered += 1;
      else {
        refused[kind.code] = (refused[kind.code] ?? 0) + 1;
        noticed();
      }
    },
    elsewhere() {
      counts.tried += 1;
      counts.elsewhere += 1;
    },
    held: () => {
      counts.held += 1;
      noticed();
    },
    honest: () => {
      counts.honest += 1;
    },
    note: (text) => {
      if (!notes.includes(text)) notes.push(text);
    },
    setup: (part) => {
      setup = setup === null ? part : addSpend(setup, part);
    },
    spent: (spend, from = { tried: 0, admitted: 0 }) => {
      stretches.push({ spend, tried: counts.tried - from.tried, admitted: counts.admitted - from.admitted });
    },
    mark: () => ({ tried: counts.tried, admitted: counts.admitted }),
    pair: (one) => void pairs.push(one),
    needs: (needs) => {
      needed = { ...needed, ...needs };
    },
    get admitted() {
      return counts.admitted;
    },
    result: () => ({
      ...counts,
      refused: { ...refused },
      detected,
      notes: [...notes],
      setup,
      stretches: [...stretches],
      pairs: [...pairs],
      needs: needed,
    }),
  };
}

/** Codes by which the gate lets somebody in but not at the pace they want. */
const SLOWING = ['limit', 'budget', 'challenge', 'not-served', 'behaviour'];

/**
 * An attacker is stopped only where it tried and nothing reached the backend. Who tried nothing, or was never
 * answered by anybody, has not been stopped by the gate: that is `not run`.
 */
export function verdictOf(result: TallyResult): Verdict {
  if (result.tried === 0) return 'not run';
  if (result.admitted === 0) return result.unanswered === result.tried ? 'not run' : 'stopped';
  if (result.held > 0) return 'slowed';
  return SLOWING.some((code) => (result.refused[code] ?? 0) > 0) ? 'slowed' : 'gets in';
}
