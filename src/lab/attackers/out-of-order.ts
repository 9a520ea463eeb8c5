import { setTimeout as sleep } from 'node:timers/promises';
import { type AnswerKind, kindOf } from '../answer.ts';
import { wentThrough } from '../attempts.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { fromNetwork, networks } from '../networks.ts';
import type { LabCall } from '../options.ts';
import type { Tally } from '../tally.ts';
import { contentOf, type Ordered } from '../use-routes.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

const TRIES = 3;
/** A page's steps lie no further apart; beyond, the rest is not tried. */
const LONGEST_WAIT = 10;

/** Programs skip what a person has to go through. */
export const outOfOrder: Attacker = {
  name: 'order',
  group: 'use',
  title: 'steps out of order, too fast',
  how: 'A client that walked the doors makes a later call without the one before it, too soon after it, and more often than once, one after another and side by side. In between it keeps the order, as a page does.',
  steps: [
    ...WALK_DOORS,
    'the order of the app’s calls, learned from its page',
    'calls that leave steps out, hurry and repeat',
  ],
  possible: 'A program skips steps, hurries or repeats them',
  async run(lab, tally) {
    const { ordered } = lab.use;
    if (ordered === null) throw new NotRun('no calls were named that come in an order (`inOrder` in sallyport.lab.ts)');
    const client = lab.wireClient(await fromNetwork(lab, tally, networks(1)[0] ?? ''));
    if (!wentThrough(await client.open(), tally)) return;
    const then = (): Promise<AnswerKind> => make(client, ordered.next);
    for (let i = 0; i < TRIES; i++) tally.add(await then());
    await first(client, tally, ordered);
    if (ordered.notBefore > 0) tally.add(await then());
    await inTime(lab, ordered);
    const kept = await then();
    if (kept.by === 'backend') tally.honest();
    else
      throw new NotRun(`whoever keeps the order is not let in either (${kept.by === 'gate' ? kept.code : kept.why})`);
    if (ordered.atMost === 0) return;
    for (let i = 0; i < TRIES; i++) await again(tally, then, i + 2 > ordered.atMost);
    await race(lab, tally, client, ordered);
  },
};

async function make(client: WireClient, call: LabCall): Promise<AnswerKind> {
  return kindOf(await client.call({ method: call.method, at: call.path, ...contentOf(call) }));
}

async function first(client: WireClient, tally: Tally, ordered: Ordered): Promise<void> {
  const kind = await make(client, ordered.first);
  if (kind.by !== 'backend')
    throw new NotRun(`the first step was refused (${kind.by === 'gate' ? kind.code : kind.why})`);
  tally.honest();
}

async function inTime({ now, until }: Lab, { notBefore }: Ordered): Promise<void> {
  if (notBefore > LONGEST_WAIT || now() + notBefore * 1000 > until)
    throw new NotRun(`the steps lie ${notBefore} s apart: too long to wait for`);
  // Timers may be a little early.
  await sleep(notBefore * 1000 + 50);
}

async function again(tally: Tally, then: () => Promise<AnswerKind>, tooOften: boolean): Promise<void> {
  const kind = await then();
  if (tooOften) tally.add(kind);
  else if (kind.by === 'backend') tally.honest();
}

/** All at once: a check that looks first and writes afterwards lets several through. */
async function race(lab: Lab, tally: Tally, client: WireClient, ordered: Ordered): Promise<void> {
  await first(client, tally, ordered);
  await inTime(lab, ordered);
  const racers = Array.from({ length: ordered.atMost + TRIES }, () => lab.wireClient());
  for (const racer of racers) {
    racer.takeCookies(client);
    if (!wentThrough(await racer.open(), tally)) return;
  }
  const kinds = await Promise.all(racers.map((racer) => make(racer, ordered.next)));
  let rightful = ordered.atMost;
  for (const kind of kinds) {
    if (kind.by === 'backend' && rightful-- > 0) tally.honest();
    else tally.add(kind);
  }
  const passed = kinds.filter(({ by }) => by === 'backend').length;
  tally.note(`${racers.length} pages of one session at once: ${passed} passed where ${ordered.atMost} may`);
}
