import { kindOf } from '../answer.ts';
import type { Attacker, Lab } from '../lab.ts';
import { MINTS_SPENT, NotRun } from '../not-run.ts';
import { fromNetwork, networks } from '../networks.ts';
import type { Tally } from '../tally.ts';
import { contentOf, type PaidCall } from '../use-routes.ts';
import { WALK_DOORS } from '../steps.ts';

const CLIENTS = 500;
/** Clients behind one address: fewer than new sessions are limited to. */
const BEHIND_ONE = 20;
/** Clients of one stretch, by which the price is measured. */
const STRETCH = 50;
/** Clients at work at a time. */
const TOGETHER = 10;

/** Somebody who wants the owner's bill to grow, or nobody else to be served. */
export const budgetDrain: Attacker = {
  name: 'drain',
  group: 'use',
  title: 'budget drain, rotating clients',
  how: 'Client after client, each with a session of its own and 20 behind each address, walks the doors and makes one call that costs money.',
  steps: [...WALK_DOORS, 'a proxy service with dozens of addresses', 'some hundred sessions, each used once'],
  possible: 'Rotating clients spend what budgets leave to newcomers, and no more',
  async run(lab, tally) {
    const { paid } = lab.use;
    if (paid === null) throw new NotRun('no call that costs money may be made (`spend` in sallyport.lab.ts)');
    const count = Math.min(CLIENTS, Math.ceil(lab.calls * 2.5));
    const addresses = networks(Math.ceil(count / BEHIND_ONE));
    await fromNetwork(lab, tally, addresses[0] ?? '');
    tally.needs({ addresses: addresses.length });
    let next = 0;
    const worker = async (end: number): Promise<void> => {
      while (next < end && lab.now() < lab.until) {
        const address = addresses[next++ % addresses.length] ?? '';
        await spendOnce(lab, tally, address, paid);
      }
    };
    while (next < count && lab.now() < lab.until) {
      const [stop, mark, end] = [tally.meter.start(), tally.mark(), Math.min(count, next + STRETCH)];
      await Promise.all(Array.from({ length: TOGETHER }, () => worker(end)));
      tally.spent(stop(), mark);
    }
    if (next < count) tally.note(`its time was up after ${next} clients`);
    const price = paid.price === '' ? '' : ` of ${paid.price} at most`;
    tally.note(
      `${next} clients from ${addresses.length} networks made the gate’s owner pay for ${tally.admitted} calls${price}`,
    );
  },
};

async function spendOnce(lab: Lab, tally: Tally, address: string, paid: PaidCall): Promise<void> {
  const sender = lab.sender(address);
  const client = lab.wireClient(sender);
  const { opened, kind } = await client.open();
  if (opened) tally.add(kindOf(await client.call({ method: paid.method, at: paid.path, ...contentOf(paid) })));
  else if (kind.by === 'gate' && kind.code === 'limit') throw new NotRun(MINTS_SPENT);
  else tally.add(kind);
  sender.close();
}
