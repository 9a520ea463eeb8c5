import type { Change } from './step.ts';

/** What is remembered of what was acknowledged, in milliseconds before the latest: no server lags behind by as much. */
const REMEMBERED_MS = 30_000;
/** Changes remembered at most, some 100 bytes each. */
const MOST_CHANGES = 20_000;
/** Steps of which it is remembered how many calls there had been. */
const MOST_MARKS = 1000;

interface Step {
  readonly step: number;
  readonly at: number;
  readonly calls: number;
  readonly changes: readonly Change[];
}

/** What has to be done again. */
export interface Again {
  readonly changes: readonly Change[];
  /** Calls that these reserved for. */
  readonly calls: number;
  /** Calls whose reservations nobody remembers. */
  readonly lost: number;
}

/** What this process did lately, in case the server forgets it: replicas are behind, and disks as well. */
export class Remembered {
  #steps: Step[] = [];
  #changes = 0;
  /** Calls of steps that are not remembered any more, in all and up to some of them. */
  #past = 0;
  #marks: { readonly step: number; readonly calls: number }[] = [];

  add(step: Step): void {
    this.#steps.push(step);
    this.#changes += step.changes.length;
    let first = this.#steps[0];
    while (first !== undefined && (this.#changes > MOST_CHANGES || step.at - first.at > REMEMBERED_MS)) {
      this.#steps.shift();
      this.#changes -= first.changes.length;
      this.#past += first.calls;
      if (first.calls > 0) this.#marks.push({ step: first.step, calls: this.#past });
      if (this.#marks.length > MOST_MARKS) this.#marks.shift();
      first = this.#steps[0];
    }
  }

  /** What was done after this step. */
  since(step: number): Again {
    const found = this.#steps.filter((one) => one.step > step);
    const kept = this.#marks.findLast((mark) => mark.step <= step)?.calls ?? 0;
    return {
      changes: found.flatMap(({ changes }) => changes),
      calls: found.reduce((sum, { calls }) => sum + calls, 0),
      lost: this.#past - kept,
    };
  }

  clear(): void {
    this.#steps = [];
    this.#marks = [];
    this.#changes = 0;
    this.#past = 0;
  }
}
