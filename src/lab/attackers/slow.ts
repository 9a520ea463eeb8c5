import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { kindOf } from '../answer.ts';
import { plainCalls, wentThrough } from '../attempts.ts';
import { perCall } from '../cost.ts';
import type { Attacker, Lab } from '../lab.ts';
import { fromNetwork, networks } from '../networks.ts';
import { logIn } from '../people.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

/** Calls of each client: enough for a pace to be seen. */
const ROUNDS = 3;
const MOST = 60;
/** Milliseconds between two calls of one client, drawn anew each time: somebody who looks at what came. */
const PACE = { from: 1_500, to: 4_000 } as const;

/** Somebody who has time and addresses: no session and no network of theirs does more than a person. */
export const slow: Attacker = {
  name: 'slow',
  group: 'use',
  title: 'slow, low, from many addresses',
  how: 'Clients, each behind an address of its own of the test networks in 127.0.0.0/8, walk the doors and call at a person’s pace: 1.5 to 4 s between two calls, drawn each time. Wall has the pauses in it, shared by all clients, whose addresses are paid for as long.',
  steps: [...WALK_DOORS, 'a proxy service with an address for each client', 'a schedule of pauses as people make them'],
  possible: 'Programs behind many addresses that call no faster than a person get in',
  async run(lab, tally) {
    const addresses = networks(Math.min(MOST, Math.max(2, Math.ceil(lab.calls / ROUNDS))));
    const clients: WireClient[] = [];
    const stop = tally.meter.start();
    for (const address of addresses) {
      const client = lab.wireClient(await fromNetwork(lab, tally, address));
      if (!wentThrough(await client.open(), tally)) break;
      if (lab.base.person) await logIn(client, (await lab.people()).other);
      clients.push(client);
    }
    tally.setup(stop());
    if (clients.length === 0) return;
    const calling = tally.meter.start();
    await Promise.all(clients.map((client) => callSlowly(lab, tally, client)));
    const spend = calling();
    tally.spent(spend);
    if (tally.admitted === 0) return;
    const call = perCall(spend, tally.admitted);
    tally.pair({ call, plain: await plainCalls(lab, tally, lab.sender(), tally.admitted) });
    tally.needs({ addresses: clients.length });
    tally.note(`${clients.length} addresses at once`);
  },
};

/** The pauses come first: nobody calls in the moment in which the page is there. */
async function callSlowly(lab: Lab, tally: Tally, client: WireClient): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const wait = randomInt(PACE.from, PACE.to);
    if (lab.now() + wait > lab.until) return;
    await pause(wait);
    tally.add(kindOf(await client.call({ method: lab.method })));
  }
}
