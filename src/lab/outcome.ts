import { type Cost, costOf, type Spend, sumOf } from './cost.ts';
import type { Attacker, Group } from './lab.ts';
import type { Prices } from './prices.ts';
import type { RulesReport } from './rules/measure.ts';
import { type TallyResult, type Verdict, verdictOf } from './tally.ts';

/** What a run found. Plain JSON; written by `sallyport attack --json`. */
export interface LabReport {
  readonly url: string;
  readonly method: string;
  /** ISO 8601. */
  readonly started: string;
  readonly seconds: number;
  readonly gate: boolean;
  readonly mode: 'report' | 'enforce' | 'unknown';
  /** Share of the sessions that the gate enforces for, as far as is known: `100%`. */
  readonly rollout: string;
  /** True where a plain client got the backend's answer: then no verdict below is the gate's doing. */
  readonly nothingBlocked: boolean;
  /** What the backend answered the honest client; 0 where the doors did not open. */
  readonly honestStatus: number;
  /** Why the doors did not open; '' where they did. */
  readonly doors: string;
  readonly browser: string;
  /**
   * The plain client's calls, whatever they were answered: seconds per 1,000 calls, and how far the CPU of the same calls lay apart
   * during the run (unrestOf).
   */
  readonly plain: { readonly cpuSeconds: number | null; readonly wallSeconds: number; readonly unrest: number };
  /** By what money was computed. */
  readonly prices: Prices;
  /** Names of the throw-away accounts that the run made at the gate. */
  readonly made: readonly string[];
  /** Whether whoever asked for the run has removed them since. */
  readonly removed: boolean;
  /** Ids of the API keys that whoever asked for the run issued for it, */
  readonly issued: readonly string[];
  /** and whether they have been revoked since. */
  readonly revoked: boolean;
  readonly rungs: readonly RungReport[];
  /** What each rule of use adds to the price; null where that was not asked for. */
  readonly rules: RulesReport | null;
  /** Never empty. */
  readonly stillPossible: readonly string[];
}

export interface RungReport extends TallyCounts {
  readonly name: string;
  readonly group: Group;
  readonly title: string;
  readonly how: string;
  /** What somebody has to write or run to do the same. */
  readonly steps: readonly string[];
  readonly verdict: Verdict;
  /** Why it did not run; '' where it did. */
  readonly why: string;
  /** Null where nothing was admitted. */
  readonly cost: Cost | null;
  /** Spent once, before the first call. */
  readonly setup: Spend | null;
  /** Spent by all of its measured tries, whatever became of them; null where none was measured. */
  readonly spent: Spend | null;
}

type TallyCounts = Pick<
  TallyResult,
  'tried' | 'admitted' | 'elsewhere' | 'unanswered' | 'held' | 'honest' | 'refused' | 'detected' | 'notes'
>;

/** An attacker that has had its turn. */
export interface Ran {
  readonly attacker: Attacker;
  readonly result: TallyResult;
  readonly why: string;
}

export function toRung(ran: Ran, prices: Prices): RungReport {
  const { attacker, result } = ran;
  // An attacker that broke off half way has not been stopped by anybody.
  const verdict = ran.why === '' || result.admitted > 0 ? verdictOf(result) : 'not run';
  return {
    name: attacker.name,
    group: attacker.group,
    title: attacker.title,
    how: attacker.how,
    steps: attacker.steps,
    verdict,
    why: verdict === 'not run' ? ran.why || 'no try of it was answered by anybody' : '',
    tried: result.tried,
    admitted: result.admitted,
    elsewhere: result.elsewhere,
    unanswered: result.unanswered,
    held: result.held,
    honest: result.honest,
    refused: result.refused,
    detected: result.detected,
    notes: result.notes,
    cost: costOf(result, prices),
    setup: result.setup,
    spent: sumOf(result.stretches)?.spend ?? null,
  };
}
