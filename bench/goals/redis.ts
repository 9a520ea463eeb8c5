import type { Goal } from '../lib/goal.ts';
import { spreadOf } from '../lib/pairs.ts';
import { atMost, shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

/** Goal 8: what a commit on Redis asks of the server and of this process. */
export const redis: Goal = async ({ rounds }) => {
  const figures = await runWorker('redis', { rounds });
  const spread = (name: string) => spreadOf(figures.get(name) ?? []);
  return [
    atMost(8, 'script calls a lone commit of a signed call', spread('calls'), 1),
    atMost(8, 'µs of client CPU a commit, 64 in flight', spread('cpu'), 5),
    shown(8, 'commits a second, 64 in flight', spread('rate')),
    shown(8, 'µs until a lone commit is answered', spread('lone')),
    shown(8, 'µs of client CPU a commit of counter, session and one limit, 64 in flight', spread('ruled')),
  ];
};
