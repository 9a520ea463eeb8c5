import type { Prices } from './prices.ts';

/** One thing that somebody does who copies an app, or looks for what it calls. */
export interface Step {
  readonly what: string;
  /** `write`: a program, or a search through one that is hard to read. `do`: whatever a tool has a button for. */
  readonly kind: 'write' | 'do';
}

export const toWrite = (what: string): Step => ({ what, kind: 'write' });
export const toDo = (what: string): Step => ({ what, kind: 'do' });

/** How long such steps take somebody who has done the like before: minutes, by assumption. */
export function minutesFor(steps: readonly Step[], { writeMinutes, doMinutes }: Prices): number {
  return steps.reduce((sum, { kind }) => sum + (kind === 'write' ? writeMinutes : doMinutes), 0);
}
