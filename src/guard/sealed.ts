import type { Answer } from './decision.ts';
import type { RequestView } from './view.ts';

/** Opens sealed calls (docs/sealed.md). */
export interface SealedDesk {
  /** Whether this request holds one. */
  takes(request: RequestView): boolean;
  /** What it holds, or the answer that refuses it. Rejects where the client went away. */
  open(request: RequestView): Promise<Unsealed | Answer>;
}

/** A call as it would have come without its seal. */
export interface Unsealed {
  /** Id of the ticket under whose key it was sealed. */
  readonly ticket: string;
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value …: those of the request without what speaks of the seal, and those that were sealed. */
  readonly fields: readonly string[];
  readonly body: Uint8Array;
  /** When the request around it began, milliseconds since 1970: its body may have taken minutes. */
  readonly begun: number;
  /** Says that nobody holds its body any more; once or more often. */
  readonly release: () => void;
  readonly seal: AnswerSeal;
}

/** Seals one answer, piece by piece and in order. */
export interface AnswerSeal {
  /** What goes out first. */
  readonly begin: Uint8Array;
  /** @param fields name, value, name, value … */
  head(status: number, fields: readonly string[]): Uint8Array;
  body(piece: Uint8Array): Uint8Array;
  /** Says that all of it has come: without it the page knows that the answer broke off. */
  end(): Uint8Array;
}
