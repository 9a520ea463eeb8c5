import { kindOf } from '../answer.ts';
import { inStretches, wentThrough } from '../attempts.ts';
import { challengeIn } from '../challenges.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { WALK_DOORS } from '../steps.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';
import { HEADER_CHALLENGE } from '../../wire/challenge.ts';

/** Calls whose solution is bought: each costs money, and some seconds. */
const BOUGHT = 5;

/** What a provider asks of people, people and programs sell. The lab buys nothing by itself. */
export const challengeBought: Attacker = {
  name: 'challenge-bought',
  group: 'use',
  title: 'challenge solved by a service',
  how: 'A client that walked the doors calls a route that always asks for a provider’s challenge, and brings solutions by `solve` of sallyport.lab.ts, which stands for a service that sells them. The refusal that asks counts as refused; what a solution costs is assumed.',
  steps: [
    ...WALK_DOORS,
    'an account at a service that sells solutions',
    'a second call for each that was asked for one',
  ],
  possible: 'A program brings solutions that were bought, and waits for them',
  async run(lab, tally) {
    const { provided } = lab.use;
    if (provided === '')
      throw new NotRun('policy is not known, or no GET route always asks for a challenge of a provider');
    if (lab.solve === null) throw new NotRun(`nobody is given who solves it (\`solve\` in sallyport.lab.ts)`);
    const client = lab.wireClient();
    if (!wentThrough(await client.open(), tally)) return;
    tally.needs({ solutions: 1 });
    await inStretches(lab, tally, Math.min(BOUGHT, lab.calls), async (from, calls) => {
      const stop = tally.meter.start();
      for (let i = from; i < from + calls && lab.now() < lab.until; i++) await callWith(lab, tally, client, lab.solve);
      return stop();
    });
  },
};

async function callWith(lab: Lab, tally: Tally, client: WireClient, solve: Lab['solve']): Promise<void> {
  const call = { method: 'GET', at: lab.use.provided };
  const answer = await client.call(call);
  tally.add(kindOf(answer));
  const member = challengeIn(answer);
  if (member === null || solve === null) throw new NotRun('no challenge was asked for');
  const { kind, parameters, action, token, counter } = member;
  const solution = await solve({ kind, parameters, action, page: lab.target.origin + lab.page });
  const fields = [HEADER_CHALLENGE, `${token} ${solution}`];
  tally.add(kindOf(await client.call({ ...call, nonce: counter, fields })));
}
