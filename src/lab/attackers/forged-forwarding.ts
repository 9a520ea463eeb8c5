import { type AnswerKind, kindOf } from '../answer.ts';
import { enter, farm, type Farmed, isOpenSoon } from '../farm.ts';
import type { Sender } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { fromNetwork, networks } from '../networks.ts';
import { WALK_DOORS } from '../steps.ts';

/** More sessions than one network is given within a minute by default. */
const MOST = 100;

/** Fields by which proxies name the client, as a client would forge them: left of the truth, doubled, mapped, by other names. */
const forgeries = (truth: string): readonly (readonly string[])[] => [
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-For', `203.0.113.8, ${truth}`],
  ['X-Forwarded-For', `${truth}, 203.0.113.9`],
  ['X-Forwarded-For', '203.0.113.10', 'X-Forwarded-For', '198.51.100.10'],
  ['X-Forwarded-For', '::ffff:203.0.113.11'],
  ['X-Forwarded-For', '2001:db8:7::1'],
  ['Forwarded', 'for=203.0.113.12;proto=https'],
  ['Forwarded', 'for="[2001:db8:8::1]"', 'X-Forwarded-For', '203.0.113.13'],
  ['X-Real-IP', '203.0.113.14', 'X-Client-IP', '203.0.113.14', 'X-Cluster-Client-IP', '203.0.113.14'],
  ['CF-Connecting-IP', '203.0.113.15', 'True-Client-IP', '203.0.113.15', 'Fastly-Client-IP', '203.0.113.15'],
];

const HELD: AnswerKind = { by: 'gate', code: 'limit' };

/** A name of one's own choice would be a fresh allowance each time. */
export const forgedForwarding: Attacker = {
  name: 'forwarding',
  group: 'use',
  title: 'forged forwarding headers',
  how: 'One address uses up the new sessions that it is allowed; then clients enter from it whose requests say by forwarding headers, in every place and form, that they come from elsewhere. One that gets in at once counts.',
  steps: [...WALK_DOORS, 'a list of the headers by which proxies name their clients'],
  possible: 'Who forges forwarding headers has the allowance of whatever address they name',
  async run(lab, tally) {
    if (lab.base.plain.kind.by === 'backend') throw new NotRun('who needs no session here needs no allowance of them');
    if (lab.use.trusted)
      throw new NotRun('the gate believes this machine what it says of other addresses (trustedProxies)');
    const [address = '', other = ''] = networks(2);
    await fromNetwork(lab, tally, address);
    const used = await farm(lab, address, MOST);
    const waiting = used.filter(({ tookMs }) => tookMs === null);
    if (waiting.length === 0)
      throw new NotRun(`${used.length} new sessions did not use up what one network is allowed`);
    const forged = forgeries(address).map((fields) => ({
      name: fields.join(' '),
      try: enter(lab, withFields(lab.sender(address), fields)),
    }));
    const inAtOnce = await Promise.all(forged.map((one) => isOpenSoon(one.try)));
    for (const [index, { name, try: one }] of forged.entries()) {
      if (inAtOnce[index] === true) tally.note(`let in by ${name}`);
      tally.add(inAtOnce[index] === true ? kindOf(await one.client.call({ method: lab.method })) : HELD);
    }
    await assertSwift(lab, other);
    const all: readonly Farmed[] = [...waiting, ...forged.map((one) => one.try)];
    for (const { sender } of all) sender.close();
    tally.note(`refused is who was held up as a newcomer of the same network, after ${used.length} sessions`);
  },
};

/** Being held up means something only where somebody else is not. */
async function assertSwift(lab: Lab, address: string): Promise<void> {
  if (!(await isOpenSoon(enter(lab, lab.sender(address)))))
    throw new NotRun('everybody was held up, whoever came from elsewhere, too');
}

const withFields = (sender: Sender, more: readonly string[]): Sender => ({
  send: (request) => sender.send({ ...request, fields: [...request.fields, ...more] }),
  close: () => sender.close(),
});
