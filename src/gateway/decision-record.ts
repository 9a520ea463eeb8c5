import type { Carrier, Level, Outcome, TrailStep } from '../guard/decision.ts';
import type { Code } from '../wire/codes.ts';
import type { Family } from '../lib/agent.ts';

/** One decision as kept for `why`: what it was and why, nothing that opens anything, no address beyond its prefix. */
export interface DecisionRecord {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly outcome: Outcome;
  /** True where a layer in report mode alone would have refused. */
  readonly wouldRefuse: boolean;
  /** Of the decision, or of the first layer that would have refused; '' where all passed. */
  readonly code: Code | '';
  readonly layer: string;
  readonly route: string;
  readonly level: Level;
  readonly shown: Level;
  readonly method: string;
  /** Without the query, which may hold secrets; at most 256 characters. */
  readonly path: string;
  readonly carrier: Carrier;
  readonly destination: string;
  readonly client: string;
  readonly session: string;
  /** Public id of the API key that was verified; '' without one. */
  readonly key: string;
  readonly prefix: string;
  readonly family: Family;
  readonly trail: readonly TrailStep[];
  /** What was out of the ordinary though it passed. */
  readonly note?: string;
  /** Status that the backend answered; 0 where it was not asked or has not answered. */
  status: number;
}
