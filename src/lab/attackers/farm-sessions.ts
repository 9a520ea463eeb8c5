import { kindOf } from '../answer.ts';
import { farm, type Farmed, HELD_MS } from '../farm.ts';
import type { Attacker } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { fromNetwork, networks } from '../networks.ts';
import type { Tally } from '../tally.ts';
import { WALK_DOORS } from '../steps.ts';

/** More than a person's network opens within a minute. */
const MOST = 80;

/** Limits count by session: whoever has many of them has many times as much. */
export const farmSessions: Attacker = {
  name: 'farm',
  group: 'use',
  title: 'session farming',
  how: 'Behind one address, client after client walks the doors for a session of its own, until entries are held up; each then makes one call.',
  steps: [...WALK_DOORS, 'a store of sessions, opened as fast as they are given out'],
  possible: 'A program opens as many sessions as new ones are allowed, and each has allowances of its own',
  async run(lab, tally) {
    if (lab.base.person) throw new NotRun('a session alone opens nothing here: this address asks for a login');
    const [address = ''] = networks(1);
    await fromNetwork(lab, tally, address);
    const stop = tally.meter.start();
    const farmed = await farm(lab, address, Math.min(MOST, lab.calls));
    for (const one of farmed) await harvest(one, lab.method, tally);
    tally.spent(stop());
    const held = farmed.map(({ tookMs }) => tookMs ?? 0).filter((took) => took > HELD_MS);
    const longest = (Math.max(0, ...held) / 1000).toFixed(1);
    if (held.length === 0) tally.note(`${farmed.length} sessions were opened, and none was held up`);
    else
      tally.note(`${farmed.length - held.length} sessions at once; those that came next were held up for ${longest} s`);
  },
};

/** One call of a session that was opened, however late. */
async function harvest(one: Farmed, method: string, tally: Tally): Promise<void> {
  const { opened, kind, why } = await one.opening;
  if (!opened && kind.by === 'backend') throw new NotRun(why);
  tally.add(opened ? kindOf(await one.client.call({ method })) : kind);
  if (opened && (one.tookMs ?? 0) > HELD_MS) tally.held();
}
