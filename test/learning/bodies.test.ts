import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createConduit } from './conduit/app.ts';
import { type Readers, readers } from './conduit/readers.ts';
import { seeded } from './random.ts';
import { fieldOf, judgeAll, learnFrom, type Outcome } from './support.ts';

const app = createConduit();
const LOGIN = 'POST /api/users/login';

/** One in 200 lets the page remember who they are. */
const remembers = (number: number): Record<string, unknown> => (number % 200 === 7 ? { remember: true } : {});
const people = (name: string, sessions: number) =>
  readers({ app, name, sessions, network: (number) => number >> 1, random: seeded(3), adds: remembers });

const abuse = (network: Readers['network'], sessions: number) =>
  readers({
    app,
    name: 'abuse',
    sessions,
    network,
    random: seeded(4),
    adds: () => ({ isAdmin: true, email: { $ne: '' }, password: 'x'.repeat(30_000) }),
  });

const schemaOf = (outcome: Outcome): unknown => fieldOf(outcome, LOGIN, 'schema');
const rareIn = ({ proposal }: Outcome): string =>
  proposal.routes.find(({ match }) => match === LOGIN)?.fields.find(({ name }) => name === 'schema')?.rare ?? '';

describe('bodies of a Conduit app, learned of many who log in', () => {
  const honest = people('p', 1550);
  let clean: Outcome;
  before(async () => {
    clean = await learnFrom(honest);
  });

  test('a rare field of honest people is taken in, said, and refuses nobody who comes later', async () => {
    assert.match(rareIn(clean), /taken in though few do so.*\$\.user\.remember/);
    const later = await judgeAll(clean.config, people('later', 1001));
    assert.equal(later.sessions, 1001);
    assert.ok(later.refusedSessions < 0.001 * later.sessions, JSON.stringify(later.byRule));
  });

  for (const sessions of [1, 600]) {
    test(`one network with ${sessions} that does all else as people do adds nothing, and takes nothing back`, async () => {
      const abused = await learnFrom([...honest, ...abuse(() => 9000, sessions)]);
      assert.equal(abused.learned.leftOut.size, 0, 'nothing but its bodies tells it apart');
      assert.deepEqual(schemaOf(abused), schemaOf(clean));
      assert.deepEqual(abused.dropped, []);
      assert.match(rareIn(abused), /^left out: .*\$\.user\.isAdmin/);
      const judged = await judgeAll(
        abused.config,
        abuse(() => 9001, 20),
      );
      assert.equal(judged.refusedSessions, 20);
    });
  }

  test('what a tenth adds stands in a line of its own', async () => {
    const abused = await learnFrom([...honest, ...abuse((number) => 9000 + number, 155)]);
    for (const what of ['$.user.isAdmin', '$.user.email as object', '$.user.password of great length'])
      assert.ok(rareIn(abused).includes(what), `${what} in ${rareIn(abused)}`);
    const later = await judgeAll(abused.config, people('later', 1001));
    assert.ok(later.refusedSessions < 0.001 * later.sessions, JSON.stringify(later.byRule));
  });
});
