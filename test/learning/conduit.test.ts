import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { patientScrapers, scrapers } from './conduit/abuse.ts';
import { createConduit } from './conduit/app.ts';
import { conduitPeople } from './conduit/people.ts';
import { seeded } from './random.ts';
import { fieldOf, judgeAll, learnFrom, type Outcome, routesOf } from './support.ts';

const app = createConduit();

describe('a policy learned of people in a Conduit app', () => {
  let learned: Outcome;
  before(async () => {
    learned = await learnFrom(conduitPeople({ sessions: 500, seed: 11 }, app));
  });

  test('has the routes of the app, with their parameters', () => {
    assert.deepEqual(routesOf(learned).toSorted(), [
      'DELETE /api/articles/:name/comments/:id',
      'DELETE /api/articles/:name/favorite',
      'DELETE /api/profiles/:name/follow',
      'GET /api/articles',
      'GET /api/articles/:name',
      'GET /api/articles/:name/comments',
      'GET /api/articles/feed',
      'GET /api/profiles/:name',
      'GET /api/tags',
      'GET /api/user',
      'POST /api/articles',
      'POST /api/articles/:name/comments',
      'POST /api/articles/:name/favorite',
      'POST /api/profiles/:name/follow',
      'POST /api/users',
      'POST /api/users/login',
    ]);
  });

  test('knows which answers give the ids that calls name', () => {
    assert.deepEqual(fieldOf(learned, 'GET /api/profiles/:name', 'served'), {
      param: 'name',
      from: 'GET /api/articles/:name',
      at: '$.article.author.username',
    });
  });

  test('knows what bodies look like, and what must be in them', () => {
    const schema = JSON.stringify(fieldOf(learned, 'POST /api/users/login', 'schema'));
    assert.match(schema, /"required":\["email","password"\]/);
    assert.doesNotMatch(schema, /mail\.test/, 'no value of a body is in it');
  });

  test('knows what comes before a call', () => {
    assert.equal(fieldOf(learned, 'GET /api/articles', 'after'), 'GET /api/tags');
  });

  test('says what each line rests on', () => {
    const route = learned.proposal.routes.find(({ match }) => match === 'GET /api/articles/:name');
    assert.match(route?.evidence ?? '', /^[\d,]+ calls; in \d+ of 500 sessions from \d+ networks$/);
    for (const { evidence } of route?.fields ?? []) assert.match(evidence, /\d+ (?:sessions|bodies)/);
  });

  test('refuses under 0.1 % of the sessions of others who come later, and lets all of their calls through', async () => {
    const verdicts = await judgeAll(learned.config, conduitPeople({ sessions: 1200, seed: 12 }, app));
    assert.equal(verdicts.sessions, 1200);
    assert.ok(verdicts.refusedSessions < 0.001 * verdicts.sessions, JSON.stringify(verdicts.byRule));
  });

  test('stops or slows programs that ignore the order of the app', async () => {
    const abuse = { app, sessions: 20, network: (number: number) => 5000 + number, random: seeded(5) };
    const fast = await judgeAll(learned.config, scrapers(abuse));
    assert.equal(fast.refusedSessions, 20);
    assert.ok(fast.refused > 0.9 * fast.covered, `${fast.refused} of ${fast.covered}`);
    const slow = await judgeAll(learned.config, patientScrapers(abuse));
    assert.equal(slow.refusedSessions, 20);
    assert.ok(slow.refused > 0.9 * slow.covered, `${slow.refused} of ${slow.covered}`);
  });
});

describe('abuse while the gate learns', () => {
  const honest = conduitPeople({ sessions: 500, seed: 21 }, app);
  let clean: Outcome;
  before(async () => {
    clean = await learnFrom(honest);
  });

  /** That one policy is nowhere looser than another. */
  function assertNoLooser(abused: Outcome): void {
    assert.deepEqual(routesOf(abused).toSorted(), routesOf(clean).toSorted());
    for (const { match, fields } of clean.proposal.routes) {
      for (const { name, value } of fields) {
        const now = fieldOf(abused, match, name);
        if (name !== 'limit') assert.deepEqual(now, value, `${name} of ${match}`);
        else
          assert.ok(
            Number.parseInt(String(now), 10) <= 1.2 * Number.parseInt(String(value), 10),
            `${now} for ${value} of ${match}`,
          );
      }
    }
  }

  test('a tenth of the sessions, from networks of their own, does not become what is normal', async () => {
    const abuse = { app, network: (number: number) => 3000 + number, random: seeded(6) };
    const abused = await learnFrom([
      ...honest,
      ...scrapers({ ...abuse, sessions: 27 }),
      ...patientScrapers({ ...abuse, sessions: 27 }),
    ]);
    assert.ok(abused.learned.leftOut.size >= 50, `${abused.learned.leftOut.size} were told apart`);
    assertNoLooser(abused);
  });

  test('one network with more sessions than all others together does not either', async () => {
    const abuse = { app, sessions: 600, network: () => 4000, random: seeded(7) };
    assertNoLooser(await learnFrom([...honest, ...patientScrapers(abuse)]));
  });

  test('people are not left out, though some of them come by links and some are three times as fast', () => {
    assert.ok(clean.learned.leftOut.size <= 5, `${clean.learned.leftOut.size} of 500`);
  });

  test('what a gate did not find verified teaches nothing, however much of it there is', async () => {
    const abuse = { app, sessions: 300, network: (number: number) => 6000 + number, random: seeded(8) };
    const forged = scrapers(abuse).map((made) => ({ ...made, verified: false }));
    const mixed = await learnFrom([...honest.map((made) => ({ ...made, verified: true })), ...forged]);
    assert.equal(mixed.learned.unverified, forged.length);
    assert.deepEqual(mixed.proposal.routes, clean.proposal.routes);
  });
});
