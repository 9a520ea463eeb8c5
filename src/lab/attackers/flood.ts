import { kindOf } from '../answer.ts';
import { inStretches, wentThrough } from '../attempts.ts';
import type { Spend } from '../cost.ts';
import { field } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { fromNetwork, networks } from '../networks.ts';
import { logIn } from '../people.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

/** Times the calls of other rows. */
const MORE = 4;
const SESSIONS = 3;
const NETWORKS = 8;

/** As much as can be had from one address, by all the sessions that somebody keeps there. */
export const floodOne: Attacker = {
  name: 'flood-one',
  group: 'use',
  title: 'flood from one network',
  how: 'Three clients behind one address walk the doors and call as fast as they can, in turn.',
  steps: [...WALK_DOORS, 'several sessions kept side by side'],
  possible: 'Programs behind one address that walk the doors call as often as limits let them',
  run: (lab, tally) => flood(lab, tally, new Array<string>(SESSIONS).fill(networks(1)[0] ?? '')),
};

/** The same by somebody who has addresses to spare. */
export const floodMany: Attacker = {
  name: 'flood-many',
  group: 'use',
  title: 'flood from many networks',
  how: 'Eight clients, each behind an address of its own, walk the doors and call as fast as they can, in turn.',
  steps: [...WALK_DOORS, 'a proxy service with several addresses', 'several sessions kept side by side'],
  possible: 'Programs behind many addresses call as often as limits let each of them',
  run: (lab, tally) => flood(lab, tally, networks(NETWORKS)),
};

async function flood(lab: Lab, tally: Tally, addresses: readonly string[]): Promise<void> {
  const clients: WireClient[] = [];
  const stop = tally.meter.start();
  for (const address of addresses) {
    const client = lab.wireClient(await fromNetwork(lab, tally, address));
    if (!wentThrough(await client.open(), tally)) return;
    if (lab.base.person) await logIn(client, (await lab.people()).other);
    clients.push(client);
  }
  tally.setup(stop());
  tally.needs({ addresses: new Set(addresses).size });
  let longest = 0;
  const rush = async (from: number, calls: number): Promise<Spend> => {
    const calling = tally.meter.start();
    for (let i = from; i < from + calls && lab.now() < lab.until; i++) {
      const answer = await clients[i % clients.length]?.call({ method: lab.method });
      if (answer === undefined) break;
      tally.add(kindOf(answer));
      longest = Math.max(longest, Number(field(answer.fields, 'retry-after')) || 0);
    }
    return calling();
  };
  // Its price is known by then; the rest shows where it ends.
  await inStretches(lab, tally, lab.calls, rush);
  const mark = tally.mark();
  tally.spent(await rush(lab.calls, lab.calls * (MORE - 1)), mark);
  if (longest > 0) tally.note(`told to wait ${longest} s at most`);
}
