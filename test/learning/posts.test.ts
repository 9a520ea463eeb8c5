import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBackend } from '../../examples/posts/backend/server.ts';
import { createMarks } from '../../src/learning/marks.ts';
import { postsPeople } from './posts-people.ts';
import { fieldOf, judgeAll, learnFrom, type Outcome, routesOf } from './support.ts';
import { type Made, toObservation } from './traffic.ts';

describe('a policy learned of people in the demo', () => {
  const pages = mkdtempSync(join(tmpdir(), 'sallyport-pages-'));
  let learned: Outcome;
  /** Each with a demo of their own, so that its list does not grow for ever. */
  const people = async (sessions: number, seed: number): Promise<Made[]> => {
    const backend = await startBackend(pages);
    try {
      return await postsPeople({ sessions, seed, url: backend.url });
    } finally {
      await backend.close();
    }
  };
  before(async () => {
    learned = await learnFrom(await people(440, 31));
  });
  after(() => rmSync(pages, { recursive: true }));

  test('has its routes, and by what they are called where that is not the page’s code', () => {
    assert.deepEqual(routesOf(learned).toSorted(), [
      'DELETE /api/posts/:id',
      'GET /api/export',
      'GET /api/feed',
      'GET /api/posts',
      'GET /api/posts/:id',
      'GET /api/posts/:id/image',
      'GET /api/search',
      'POST /api/posts',
      'POST /api/prints',
      'POST /api/prints/order',
      'POST /api/reports',
    ]);
    assert.deepEqual(fieldOf(learned, 'GET /api/posts/:id/image', 'carriers'), ['media']);
    assert.deepEqual(fieldOf(learned, 'GET /api/export', 'carriers'), ['navigation']);
    assert.deepEqual(fieldOf(learned, 'POST /api/reports', 'carriers'), ['form']);
    assert.deepEqual(fieldOf(learned, 'POST /api/reports', 'contentTypes'), ['application/x-www-form-urlencoded']);
  });

  test('marks each line that asks for less than a proof', () => {
    const lowered = learned.proposal.routes
      .flatMap(({ fields }) => fields)
      .filter(({ name }) => name === 'carriers' || name === 'contentTypes');
    assert.equal(lowered.length, 4);
    for (const { loosens } of lowered) assert.notEqual(loosens, '');
  });

  test('has only ids that the session was given, as its author wrote by hand', () => {
    assert.partialDeepStrictEqual(fieldOf(learned, 'GET /api/posts/:id', 'served'), { param: 'id' });
    assert.match(JSON.stringify(fieldOf(learned, 'GET /api/posts/:id', 'served')), /GET \/api\/posts"/);
  });

  test('refuses under 0.1 % of the sessions of others who come later', async () => {
    const verdicts = await judgeAll(learned.config, await people(400, 32));
    assert.equal(verdicts.sessions, 400);
    assert.ok(verdicts.refusedSessions < 0.001 * verdicts.sessions, JSON.stringify(verdicts.byRule));
  });

  test('refuses who counts through the numbers of posts, and whoever goes to the order at once', async () => {
    const counting = Array.from({ length: 50 }, (_, index) => attempt(index, 'GET', `/api/posts/${index}`));
    const verdicts = await judgeAll(learned.config, counting);
    assert.equal(verdicts.refused, 50);
    const fast = Array.from({ length: 200 }, (_, index) => attempt(index, 'GET', '/api/search?words=a'));
    const searched = await judgeAll(learned.config, fast);
    assert.ok(searched.refused > 150, String(searched.refused));
  });
});

const attempt = (index: number, method: string, target: string) => ({
  time: Date.parse('2026-11-22T08:00:00Z') + 50 * index,
  session: 'program',
  prefix: '198.18.0.1',
  agent: 'Mozilla/5.0 Chrome/143.0',
  method,
  target,
  status: 200,
  page: '/',
});

test('shapes hold no value of any body', () => {
  const secret = 'correct horse battery staple';
  const made = { ...attempt(0, 'POST', '/api/x'), body: { deep: [{ secret }] }, answer: { secret, list: [secret] } };
  const { exchange, ...kept } = toObservation(made, createMarks());
  assert.ok(JSON.stringify(exchange).includes(secret));
  assert.ok(!JSON.stringify(kept).includes('horse'));
});
