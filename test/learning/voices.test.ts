import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createConduit } from './conduit/app.ts';
import { conduitPeople } from './conduit/people.ts';
import { fieldOf, learnFrom, type Outcome } from './support.ts';
import { browserOf, type Made, networkOf } from './traffic.ts';

const app = createConduit();
const honest = conduitPeople({ sessions: 500, seed: 21 }, app);
const LIST = 'GET /api/articles';

/** Sessions of one network that do as people do, and then one thing more, many times. */
const visitors = (sessions: number, more: Partial<Made>, times: number): Made[] =>
  Array.from({ length: sessions }, (_, number): Made[] => {
    const by = { session: `one-${number}`, prefix: networkOf(7000), agent: browserOf(number), page: '/' };
    const get = (after: number, target: string): Made => ({
      ...by,
      method: 'GET',
      target,
      status: 200,
      time: Date.parse('2026-11-20T09:00:00Z') + 10_000 * number + after,
    });
    const list = '/api/articles?limit=5&offset=0';
    return [
      ...[get(0, '/api/tags'), get(50, list)],
      ...Array.from({ length: times }, (_unused, index) => ({ ...get(10_000 * (index + 1), list), ...more })),
    ];
  }).flat();

describe('what one network does beside what people do', () => {
  let clean: Outcome;
  before(async () => {
    clean = await learnFrom(honest);
  });

  test('lowers no route to what cannot be signed, though it were one request in five', async () => {
    assert.equal(fieldOf(clean, LIST, 'carriers'), undefined);
    const navigation = { mode: 'navigate', destination: 'document' };
    const abused = await learnFrom([...honest, ...visitors(4, navigation, 100)]);
    const learned = abused.learned.routes.find(({ match }) => match === LIST);
    assert.ok((learned?.calls ?? 0) > 400);
    assert.equal(fieldOf(abused, LIST, 'carriers'), undefined);
  });
});
