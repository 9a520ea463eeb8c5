import type { Goal } from '../lib/goal.ts';
import { spreadOf } from '../lib/pairs.ts';
import { atMost, shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

/** Goal 14: what the rules of a busy route add to one admission, beside the same call where there are none. */
export const use: Goal = async ({ form, rounds }) => {
  const figures = await runWorker('use', { rounds }, form.flags);
  const figure = (name: string) => spreadOf(figures.get(name) ?? []);
  return [
    atMost(14, 'µs more where every rule of a busy route is on, in memory', figure('all'), 3),
    shown(14, 'µs more with two limits, by session and by network', figure('limit')),
    shown(14, 'µs more with a bound on open requests', figure('concurrent')),
    shown(14, 'µs more with a step that has to come before', figure('order')),
    shown(14, 'µs more with an id that has to be given', figure('served')),
    shown(14, 'µs more with a cost and a budget, in the memory ledger', figure('budget')),
    shown(14, 'admission with every rule / without any', figure('ratio')),
  ];
};
