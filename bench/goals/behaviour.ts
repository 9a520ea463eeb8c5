import type { Goal } from '../lib/goal.ts';
import { spreadOf } from '../lib/pairs.ts';
import { atMost, once, shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

/** Goal 15: what watching how the app is used adds to one admission, and takes for each session. */
export const behaviour: Goal = async ({ form, rounds }) => {
  const figures = await runWorker('behaviour', { rounds }, form.flags);
  const figure = (name: string) => spreadOf(figures.get(name) ?? []);
  return [
    atMost(15, 'µs more where behaviour is watched', figure('more'), 1),
    shown(15, 'admission that is watched / that is not', figure('ratio')),
    atMost(15, 'bytes a session, the model among them', once(figure('bytes').ratio), 512),
  ];
};
