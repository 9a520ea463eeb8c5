import { attempt, plainRequest, wentThrough } from '../attempts.ts';
import { kindOf } from '../answer.ts';
import type { RawRequest, Sender } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import type { Tally } from '../tally.ts';
import { createWireClient, type WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

const TRIES = 10;
const NETWORKS = 12;
/** A refusal that comes once may be a page's that mends itself: each is brought about as often. */
const TIMES = 3;

/**
 * Refusals on purpose, so that the gate takes itself for broken and goes back to what it was before its latest change: a farm of
 * sessions, each from a network of its own, sends what pages send that a change has broken. Every address of 127.0.0.0/8 is a
 * network of its own here.
 */
export const disarm: Attacker = {
  name: 'disarm',
  group: 'doors',
  title: 'refused on purpose',
  how: `${NETWORKS} sessions on as many networks have calls refused as a broken page would: without a proof, under a ticket that nobody knows, from another site; then a plain client calls.`,
  steps: [...WALK_DOORS, 'addresses in a dozen networks', 'requests that are refused as a broken page’s would be'],
  possible: 'Whoever has calls refused on purpose gets a change of the gate taken back',
  async run(lab, tally) {
    if (lab.base.plain.kind.by === 'backend')
      throw new NotRun('nothing is blocked here, so there is nothing to disarm');
    const codes = new Map<string, number>();
    const stop = tally.meter.start();
    for (let i = 1; i <= NETWORKS; i++) {
      const sender = lab.sender(`127.66.${i}.1`);
      const plain = await sender.send(plainRequest(lab));
      if (kindOf(plain).by === 'backend') tally.honest();
      if (plain.failed !== '') throw new NotRun('this machine has no further loopback addresses to come from');
      const client = createWireClient(lab.target, lab.page, sender);
      if (!wentThrough(await client.open(), tally)) return;
      for (const code of await refusedOnPurpose(lab, tally, client, sender))
        codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    tally.setup(stop());
    const said = [...codes].map(([code, count]) => `${count} ${code}`).join(', ');
    tally.note(`refused before: ${said === '' ? 'nothing' : said}`);
    await attempt(lab, tally, lab.sender(), TRIES, () => plainRequest(lab));
  },
};

async function refusedOnPurpose(lab: Lab, tally: Tally, client: WireClient, sender: Sender): Promise<string[]> {
  const codes: string[] = [];
  const calls = (): RawRequest[] => {
    const signed = client.sign({ method: lab.method });
    const bare = { ...plainRequest(lab), fields: [...client.headers(), 'Cookie', client.cookies()] };
    return [
      bare,
      withField(signed, 'signature-input', unknownTicket),
      withField(bare, 'sec-fetch-site', () => 'cross-site'),
    ];
  };
  for (let i = 0; i < TIMES; i++)
    for (const call of calls()) {
      const kind = kindOf(await sender.send(call));
      if (kind.by === 'gate') codes.push(kind.code);
      else if (kind.by === 'backend') tally.honest();
    }
  return codes;
}

/** The same ticket with other last characters: those are its seal. */
const unknownTicket = (value: string): string => value.replace(/(;keyid="[\w.-]*)[\w-]{4}"/, '$1AAAA"');

function withField({ fields, ...request }: RawRequest, name: string, change: (value: string) => string): RawRequest {
  const changed = fields.map((value, at) =>
    at % 2 === 1 && fields[at - 1]?.toLowerCase() === name ? change(value) : value,
  );
  return { ...request, fields: changed };
}
