import type { Goal } from '../lib/goal.ts';
import { spreadOf } from '../lib/pairs.ts';
import { shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

/** Goal 20: what sealing adds to a call with a small body and a small answer, at the gate. Nothing here is to be met. */
export const sealed: Goal = async ({ form, rounds }) => {
  const figures = await runWorker('sealed', { rounds }, form.flags);
  const figure = (name: string) => spreadOf(figures.get(name) ?? []);
  return [
    shown(20, 'µs more where a call of 300 bytes comes sealed and is answered so', figure('more')),
    shown(20, 'admission of a sealed call, opened and answered / of one that comes as it is', figure('ratio')),
  ];
};
