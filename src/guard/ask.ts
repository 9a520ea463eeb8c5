import type { Context } from './layer.ts';
import type { RequestView } from './view.ts';

/** A question to the backend about the object of a call: a GET that the guard makes itself. */
export interface Question {
  /** Path to ask for. */
  readonly path: string;
  /** The call that it is about, and who makes it. */
  readonly request: RequestView;
  readonly context: Context;
  /** Names of the call's fields that go along, lower case. */
  readonly fields: readonly string[];
}

export interface Reply {
  readonly status: number;
  /** The body; undefined where it is not JSON. */
  readonly json: unknown;
}

/** Rejects where the backend cannot be reached, takes longer than 5 s, or answers with more than 1 MiB. */
export type Ask = (question: Question) => Promise<Reply>;
