import type { Form } from './form.ts';
import type { Result } from './report.ts';

/** How much is measured, and of what. */
export interface Effort {
  readonly form: Form;
  /** Pairs. */
  readonly rounds: number;
  /** Of each half of a pair. */
  readonly seconds: number;
}

/** Measures one goal of the table in bench/README.md. */
export type Goal = (effort: Effort) => Promise<readonly Result[]>;
