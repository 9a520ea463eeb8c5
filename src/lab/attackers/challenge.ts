import { kindOf } from '../answer.ts';
import { inStretches, wentThrough } from '../attempts.ts';
import { challengeIn, solutionField } from '../challenges.ts';
import { addSpend, type Spend } from '../cost.ts';
import type { RawAnswer } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { fromNetwork, networks } from '../networks.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';
import type { Call } from '../wire-proof.ts';
import { WALK_DOORS } from '../steps.ts';

/** Calls whose challenge is solved: enough to know the rate by. */
const SOLVED = 40;
const REPLAYED = 3;

/** Computing stops no program; it has a price, which is the program's and not a browser's. */
export const challengeSolved: Attacker = {
  name: 'challenge',
  group: 'use',
  title: 'challenge solved natively',
  how: 'A client that walked the doors calls a route that always asks for a proof of work, and computes each by Node’s own cryptography on this machine, without a browser. The refusal that asks counts as refused.',
  steps: [
    ...WALK_DOORS,
    'the proof of work, written for the program’s own machine',
    'a second call for each that was asked for work',
  ],
  possible: 'A program computes what a challenge asks for, at its own rate and not a browser’s',
  async run(lab, tally) {
    const { client, call } = await start(lab, tally);
    if (client === null) return;
    let solving: Spend = { cpu: 0, wall: 0 };
    const stretch = async (from: number, calls: number): Promise<Spend> => {
      const stop = tally.meter.start();
      for (let i = from; i < from + calls && lab.now() < lab.until; i++) {
        const answer = await client.call(call);
        tally.add(kindOf(answer));
        const working = tally.meter.start();
        const more = await solved(answer);
        solving = addSpend(solving, working());
        tally.add(kindOf(await client.call({ ...call, ...more })));
      }
      return stop();
    };
    // How long a puzzle takes is luck: only all of them together say what one costs.
    await inStretches(lab, tally, Math.min(SOLVED, lab.calls), stretch, SOLVED);
    const { admitted } = tally;
    if (admitted === 0 || !solving.cpu) return;
    const rate = (admitted / solving.cpu).toFixed(0);
    const cost = ((solving.cpu / admitted) * 1000).toFixed(1);
    tally.note(`solved at ${rate} a second of one core: ${cost} s of CPU for a thousand, before the calls themselves`);
  },
};

/** One solution, used as often as possible. */
export const challengeReplayed: Attacker = {
  name: 'challenge-replay',
  group: 'use',
  title: 'challenge solution replayed',
  how: 'A solution that was let in once is sent again: byte for byte, with further counters, by another page of the session, and in another session; and one is used by two calls at once.',
  steps: [...WALK_DOORS, 'one solution, sent in every way that it might be good again'],
  possible: 'One solution of a challenge is good for many calls',
  async run(lab, tally) {
    const { client, call } = await start(lab, tally);
    if (client === null) return;
    const asked = await client.call(call);
    if (kindOf(asked).by === 'backend') tally.honest();
    const more = await solved(asked);
    const request = client.sign({ ...call, ...more });
    const first = kindOf(await client.sender.send(request));
    if (first.by !== 'backend') throw new NotRun('an honest solution was not taken');
    tally.honest();
    const { fields } = more;
    for (let i = 0; i < REPLAYED; i++) {
      tally.add(kindOf(await client.sender.send(request)));
      tally.add(kindOf(await client.call({ ...call, fields })));
    }
    const page = lab.wireClient();
    page.takeCookies(client);
    for (const other of [page, lab.wireClient()]) {
      if (!wentThrough(await other.open(), tally)) return;
      tally.add(kindOf(await other.call({ ...call, fields })));
      tally.add(kindOf(await other.call({ ...call, ...more })));
    }
    await race(tally, client, call);
  },
};

/** Two calls with one solution: the one that comes first is let in. */
async function race(tally: Tally, client: WireClient, call: Call): Promise<void> {
  const more = await solved(await client.call(call));
  const answers = await Promise.all([1, 2, 3].map(() => client.call({ ...call, ...more })));
  const kinds = answers.map(kindOf);
  const winner = kinds.findIndex(({ by }) => by === 'backend');
  if (winner >= 0) tally.honest();
  for (const [index, kind] of kinds.entries()) if (index !== winner) tally.add(kind);
}

interface Started {
  /** Null where the doors did not open. */
  readonly client: WireClient | null;
  readonly call: Call;
}

async function start(lab: Lab, tally: Tally): Promise<Started> {
  const { challenged } = lab.use;
  if (challenged === '')
    throw new NotRun('policy is not known, or no GET route always asks for a proof of work (challenge)');
  const client = lab.wireClient(await fromNetwork(lab, tally, networks(1)[0] ?? ''));
  const call = { method: 'GET', at: challenged };
  return { client: wentThrough(await client.open(), tally) ? client : null, call };
}

/** The counter and the field by which the same call is made once more. Throws NotRun where nobody asked for work. */
async function solved(
  answer: RawAnswer,
): Promise<Pick<Call, 'nonce' | 'fields'> & { readonly fields: readonly string[] }> {
  const member = challengeIn(answer);
  const fields = member === null ? null : await solutionField(member);
  if (member === null || fields === null) throw new NotRun('what was asked for is no proof of work');
  return { nonce: member.counter, fields };
}
