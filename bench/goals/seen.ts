import { measureSeen } from 'sallyport/lab';
import type { Goal } from '../lib/goal.ts';
import { once, type Result, shown } from '../lib/report.ts';

/** Goal 19: what sealed calls are worth against whoever wants to know an app's endpoints. Nothing here is to be met. */
export const seen: Goal = async () => {
  const { calls, ways } = await measureSeen();
  return ways.flatMap(({ name, steps, open, sealed }): Result[] =>
    [
      { what: 'in the open', found: open },
      { what: 'sealed', found: sealed },
    ].flatMap(({ what, found }) => [
      shown(19, `calls known whole, of ${calls}, ${what}: ${name}`, once(found.calls)),
      shown(19, `paths known, ${what}: ${name}`, once(found.paths)),
      shown(19, `seconds by a script of ${steps.length} steps, ${what}: ${name}`, once(found.seconds)),
    ]),
  );
};
