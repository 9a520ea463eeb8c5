import type { Goal } from '../lib/goal.ts';
import { spreadOf } from '../lib/pairs.ts';
import { shown } from '../lib/report.ts';
import { runWorker } from '../lib/worker.ts';

/** What it costs to ask whether somebody may, beside the same call of the same person whom nobody asks. */
export const authorization: Goal = async ({ form, rounds }) => {
  const figures = await runWorker('authorization', { rounds }, form.flags);
  const figure = (name: string) => spreadOf(figures.get(name) ?? []);
  return [
    shown(12, 'µs more where roles and scopes are asked for', figure('roles')),
    shown(12, 'µs more where Cedar policies are asked', figure('cedar')),
    shown(12, 'µs more where a form’s token is asked for', figure('token')),
  ];
};
