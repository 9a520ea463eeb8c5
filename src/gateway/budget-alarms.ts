import type { BudgetEvent } from '../guard/cost-watch.ts';
import { createBurst } from './burst.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Says what should be known of money: each warning, and of single calls a few a minute and how many more there were. */
export function createBudgetAlarms(
  metrics: Pick<Metrics, 'budget'>,
  log: Pick<Log, 'warn'>,
  windowMs = 60_000,
): (event: BudgetEvent) => void {
  const burst = createBurst({
    most: 5,
    window: windowMs,
    leftOut: (count) => log.warn(`budget: ${count} more calls in the last minute cost too much, or nobody knows what`),
  });
  return (event) => {
    metrics.budget(event);
    const { kind, ...facts } = event;
    if (kind === 'warning' || kind === 'forgotten' || burst.admit()) log.warn(WORDS[kind], facts);
  };
}

const WORDS: Readonly<Record<BudgetEvent['kind'], string>> = {
  warning: 'budget: most of it is spent',
  overrun: 'budget: a call cost more than its maximum; raise `cost`, or bound what the client may choose',
  forgotten:
    'budget: the server had forgotten what it had acknowledged; calls that this gate remembers were counted again, lost ones are not',
  unknown: 'budget: `actual` could not say what a call cost; it was counted at its maximum',
};
