import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createInteractionEndpoint } from '../../src/behaviour/endpoint.ts';
import { FEATURES } from '../../src/behaviour/features.ts';
import { noteHands } from '../../src/behaviour/hands.ts';
import { SessionTable, U } from '../../src/behaviour/session-table.ts';
import type { EndpointCall } from '../../src/guard/endpoint.ts';
import { formatInteraction, type Interaction, MOST_COUNTED } from '../../src/wire/interaction.ts';
import { HANDS, type HandKind, IMITATIONS, withHands } from './app/hands.ts';
import { createSchool, type School } from './app/school.ts';

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const found = (seen: readonly { readonly odds: number }[], odds: number): number =>
  seen.filter((one) => one.odds >= odds).length / seen.length;
const people = (school: School, count: number, hands?: HandKind) =>
  many(count, () => school.visit(withHands(school.random, school.person(), hands)));

describe('hands that are told of', () => {
  const school = createSchool({ sessions: 1000, perPrefix: 20 });
  school.teach(people(school, 1700));

  for (const hands of HANDS)
    test(`by hand: ${hands.what}: nobody looks worse for that alone`, () => {
      const seen = school.ask(people(school, 300, hands));
      assert.equal(found(seen, 1000), 0);
      assert.ok(found(seen, 100) <= 5 / 300, `${found(seen, 100)}`);
    });

  test('P6.5 whoever is acted for, or goes by a rhythm, is hit no more often than others: it takes both', () => {
    const odds = (names: readonly string[]): number => {
      const kinds = HANDS.filter(({ name }) => names.includes(name));
      return found(school.ask(kinds.flatMap((hands) => people(school, 1200, hands))), 100);
    };
    const [aided, others] = [odds(['reader', 'switch', 'voice']), odds(['mouse', 'touch', 'keyboard'])];
    assert.ok(aided <= others + 3 / 3600, `${aided} and ${others}`);
  });

  test('a program that is used by no hand is found no later for what it imitates badly', () => {
    const calls = (name: string): number => {
      const hands = IMITATIONS.find((each) => each.name === name);
      const visits = many(30, () => school.visit(withHands(school.random, school.program('copy', 400), hands)));
      const seen = school.ask(visits, [100]);
      const all = seen.map(({ crossed }) => crossed.get(100) ?? Number.POSITIVE_INFINITY);
      return all.toSorted((one, other) => one - other)[15] ?? 0;
    };
    const [silent, driven] = [calls('none'), calls('driven')];
    assert.ok(driven < silent, `${driven} calls, ${silent} where nothing is told`);
  });

  test('the record says so among the reasons, in words', () => {
    const [, scripted] = IMITATIONS;
    const visits = many(20, () => school.visit(withHands(school.random, school.program('copy', 400), scripted)));
    const words = FEATURES.filter(({ kind }) => kind === 'hands').map((feature) => feature.words);
    assert.ok(school.ask(visits).some(({ reasons }) => words.some((each) => reasons.includes(each))));
  });

  test('where no page has told of hands before, the first one that does is compared with nobody', () => {
    const before = createSchool({ sessions: 500 });
    before.teach(many(900, () => before.visit(before.person())));
    for (const hands of [...HANDS, ...IMITATIONS]) {
      const made = before.person();
      const [plain, told] = [made, withHands(before.random, made, hands)].map(
        (one) => before.ask([before.visit(one, 'a network')])[0]?.score,
      );
      assert.equal(told, plain, hands.name);
    }
  });
});

test('counts of a session stay bounded, whatever a page tells', () => {
  const table = new SessionTable(1);
  const slot = table.add({ sessionIdHigh: 1, sessionIdLow: 1 });
  const most: Interaction = {
    ...{ moments: MOST_COUNTED, forged: MOST_COUNTED, gaps: MOST_COUNTED },
    ...{ spread: MOST_COUNTED, presses: MOST_COUNTED, instant: MOST_COUNTED },
  };
  for (let time = 0; time < 10_000; time += 1) noteHands(table, slot, most);
  assert.ok((table.words[table.u(slot, U.moments)] ?? 0) < 2 ** 21);
  for (const { read } of FEATURES.filter(({ kind }) => kind === 'hands')) {
    const value = read(table, slot, { now: 0, hour: () => 1 });
    assert.ok(value >= 0 && value <= 1);
  }
});

describe('POST /_sallyport/interaction', () => {
  const FULL: Interaction = { moments: 40, forged: 2, gaps: 35, spread: 84, presses: 12, instant: 1 };
  const SESSION = { sessionIdHigh: 3, sessionIdLow: 4 };
  const told: unknown[] = [];
  const watch = {
    ...{ called() {}, refused() {}, answered() {}, entered() {} },
    handled: (session: unknown, what: unknown) => void told.push(session, what),
  };
  const ask = (body: string, proof: unknown = { ticket: SESSION }, asked = true) => {
    told.length = 0;
    // SAFETY: of a call the endpoint reads its body and whose it is.
    const call = { body: new TextEncoder().encode(body), decision: { proof } } as unknown as EndpointCall;
    return createInteractionEndpoint(watch, () => asked).answer(call);
  };
  const statusOf = async (...given: Parameters<typeof ask>): Promise<number> => (await ask(...given)).status;

  test('a summary is noted for the session that signed it', async () => {
    assert.equal(await statusOf(formatInteraction(FULL)), 204);
    assert.deepEqual(told, [SESSION, FULL]);
  });

  test('what is none, or nobody’s, is noted for nobody', async () => {
    assert.equal(await statusOf('{}'), 400);
    assert.deepEqual(told, []);
    assert.equal(await statusOf(formatInteraction(FULL), null), 400);
    assert.deepEqual(told, []);
  });

  test('where policy does not ask, nothing is there', async () => {
    assert.equal(await statusOf(formatInteraction(FULL), { ticket: SESSION }, false), 404);
    assert.deepEqual(told, []);
    assert.equal(createInteractionEndpoint(null, () => true).asks, 'proof', 'and only who signs may say anything');
  });
});
