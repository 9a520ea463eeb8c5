import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { compilePolicy } from '../../src/guard/compile.ts';
import { newContext } from '../../src/guard/context.ts';
import { type Decision, refusal } from '../../src/guard/decision.ts';
import { createOpenBook, type Open } from '../../src/guard/open.ts';
import type { Fallen, Standing } from '../../src/guard/standing.ts';
import { decisionOf } from '../gateway/stubs.ts';
import { viewOf } from '../support/view.ts';

const policy = compilePolicy({ to: 'http://localhost:3000' });
const view = viewOf({ target: '/api/feed' });
const BANNED: Fallen = { layer: 'ban', refused: refusal('banned', 'nobody who is banned') };
const UNSURE: Fallen = { layer: 'key', refused: refusal('unsure', 'records that can be reached') };

/** A book whose seconds pass when the test says so. */
function startBook(t: TestContext, standing: Standing) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 1_750_000_000_000;
  const told: Decision[] = [];
  const book = createOpenBook(
    standing,
    () => now,
    (refused) => void told.push(refused),
  );
  t.after(() => book.close());
  const pass = async (seconds: number): Promise<void> => {
    for (let half = 0; half < seconds * 2; half++) {
      now += 500;
      t.mock.timers.tick(500);
      // What was asked has answered by then, and all have had their turn.
      for (let i = 0; i < 5; i++) await turn();
    }
  };
  return { book, told, pass };
}

function openOf(ends: Decision[] = []): Open {
  const context = newContext(policy, policy.match('GET', view.path, view.folded), 'call', view, 0);
  const decision = decisionOf({ policy }, view, { grounds: { request: view, context } });
  return { decision, view, end: (refused) => void ends.push(refused) };
}

test('R18 what no longer holds is ended once, within a second, and told', async (t) => {
  let fallen: Fallen | null = null;
  const { book, told, pass } = startBook(t, () => fallen);
  const ends: Decision[] = [];
  book.watch(openOf(ends));
  await pass(5);
  assert.equal(ends.length, 0);
  fallen = BANNED;
  await pass(1);
  await pass(5);
  assert.equal(ends.length, 1);
  assert.deepEqual(told, ends);
  assert.deepEqual([ends[0]?.outcome, ends[0]?.code, ends[0]?.layer], ['refuse', 'banned', 'ban']);
});

test('what has left is asked about no more, not even by an answer that was on its way', async (t) => {
  let answer: (found: Fallen) => void = () => {};
  let asked = 0;
  const { book, told, pass } = startBook(t, () => {
    asked += 1;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const ends: Decision[] = [];
  const watched = book.watch(openOf(ends));
  await pass(3);
  assert.equal(asked, 1, 'one question at a time');
  watched.leave();
  answer(BANNED);
  await pass(1);
  assert.deepEqual([ends.length, told.length, asked], [0, 0, 1]);
});

for (const [how, standing] of [
  ['a refusal that is unsure', (): Fallen => UNSURE],
  ['a throw', (): never => assert.fail('records are gone')],
  ['a rejection', async (): Promise<never> => assert.fail('records are gone')],
] as const satisfies readonly (readonly [string, Standing])[]) {
  test(`R70 while nobody can say (${how}), it goes on for half a minute, and not for ever`, async (t) => {
    let isReachable = false;
    const { book, pass } = startBook(t, () => (isReachable ? null : standing()));
    const ends: Decision[] = [];
    book.watch(openOf(ends));
    await pass(25);
    isReachable = true;
    await pass(1);
    isReachable = false;
    await pass(25);
    assert.equal(ends.length, 0, 'whoever answers in between begins it anew');
    await pass(10);
    assert.equal(ends[0]?.code, 'unsure');
  });
}

test('of many streams whose questions take long all get their turn, and few are asked at a time', async (t) => {
  const asked = new Map<object, number>();
  let waiting: (() => void)[] = [];
  const { book, pass } = startBook(t, ({ context }) => {
    asked.set(context, (asked.get(context) ?? 0) + 1);
    return new Promise((resolve) => waiting.push(() => resolve(null)));
  });
  for (let i = 0; i < 1000; i++) book.watch(openOf());
  for (let round = 0; round < 8; round++) {
    await pass(0.5);
    assert.ok(waiting.length <= 256, `${waiting.length}`);
    const answering = waiting;
    waiting = [];
    for (const answer of answering) answer();
    await turn();
  }
  assert.equal(asked.size, 1000);
});

test('more than one go’s worth is looked at in the same half second', async (t) => {
  const seen = new Set<object>();
  const { book, pass } = startBook(t, ({ context }) => {
    seen.add(context);
    return null;
  });
  for (let i = 0; i < 1500; i++) book.watch(openOf());
  await pass(0.5);
  assert.equal(seen.size, 1500);
});
