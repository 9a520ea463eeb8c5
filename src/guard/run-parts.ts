import type { Decision } from './decision.ts';
import type { FormQuestion } from './form/question.ts';
import type { Context, Layer } from './layer.ts';
import type { Ledger } from './ledger.ts';
import type { RouteRule } from './policy.ts';
import type { Repeats } from './repeats.ts';
import type { Claims, State } from './state.ts';
import type { Emergency } from './unsure.ts';
import type { RequestView } from './view.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** What every run of a guard works with. */
export interface RunnerParts {
  readonly layers: readonly Layer[];
  readonly state: State;
  /** Where money is counted. Without it what costs money is refused. */
  readonly ledger?: Ledger;
  readonly wall: () => number;
  readonly nextId: () => string;
  /** Hears of what a body turned out to ask for after its request had been admitted. */
  readonly onLate?: (decision: Decision, request: RequestView) => void;
  /** The bucket that a roll-out counts a request by. Without it all are in the first: whatever is rolled out is enforced. */
  readonly bucketOf?: (request: RequestView, context: Context) => number;
  /** When the session of a request began, by what was sealed here: milliseconds since 1970. Without it none is that old. */
  readonly beganOf?: (request: RequestView) => number;
  /** Knows the answers to calls that are sent again because those were lost. Without it such a call is refused. */
  readonly repeats?: Pick<Repeats, 'again' | 'removed'>;
  /** Where calls wait that come a little early. Without one, none does. */
  readonly room?: WaitingRoom;
  /** What goes on while state cannot be reached. Without it nothing does. */
  readonly emergency?: Emergency;
}

/** What a run is about besides its request. */
export interface RunCase {
  /** What the body may name; null for most. */
  readonly form: FormQuestion | null;
  /** The body, where it was read already. */
  readonly body: Uint8Array | null;
  /** What this very request has claimed before, when it was judged by another rule. */
  readonly spent: readonly Claims[];
  /** Judges the same request by another rule, as of the same time. */
  judge(rule: RouteRule, known: Known, now: number): Decision | Promise<Decision>;
}

/** What one run leaves to the next. */
export type Known = Pick<RunCase, 'body' | 'spent'>;
