import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Busy, createLoginWork } from '../../../src/identity/accounts/work.ts';

function open(perMinute: number, queue?: number) {
  let now = 0;
  const timers: { at: number; run: () => void }[] = [];
  const work = createLoginWork({
    perMinute,
    monotonic: () => now,
    later: (run, ms) => void timers.push({ at: now + ms, run }),
    ...(queue === undefined ? {} : { queue }),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** Time passes, timers run. */
  async function pass(ms: number): Promise<void> {
    const end = now + ms;
    for (;;) {
      await settle();
      timers.sort((one, other) => one.at - other.at);
      const next = timers[0];
      if (next === undefined || next.at > end) break;
      timers.shift();
      now = Math.max(now, next.at);
      next.run();
    }
    now = end;
    await settle();
  }
  return { work, pass };
}

test('never more than two at once, and a core is left to calls where there are two', async () => {
  const { work } = open(1000);
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      work.run(`${index}`, false, async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      }),
    ),
  );
  assert.equal(most, availableParallelism() > 2 ? 2 : 1);
});

test('R67 a minute takes so many, strangers less, and those the account knows the rest', async () => {
  const { work, pass } = open(100);
  let strangers = 0;
  let known = 0;
  const runs = Array.from({ length: 110 }, () =>
    work.run('192.0.2.1', false, async () => void strangers++).catch(() => {}),
  );
  await pass(0);
  assert.equal(strangers, 80, 'a fifth is kept');
  for (let index = 0; index < 20; index++) runs.push(work.run('192.0.2.2', true, async () => void known++));
  await pass(0);
  assert.equal(known, 20);
  await pass(60_000);
  await Promise.all(runs);
  assert.equal(strangers, 110);
});

test('who would wait too long is told at once when to come again', async () => {
  const { work, pass } = open(60);
  const refusals: Busy[] = [];
  for (let index = 0; index < 300; index++) {
    work.run('192.0.2.1', false, async () => {}).catch((error: Busy) => refusals.push(error));
  }
  await pass(0);
  assert.ok(refusals.length > 200);
  assert.ok(refusals.every((error) => error instanceof Busy && error.retryAfter >= 2 && error.retryAfter <= 60));
});

test('a flood from one network keeps nobody else waiting behind it', async () => {
  const { work, pass } = open(300);
  const order: string[] = [];
  const runs: Promise<void>[] = [];
  for (let index = 0; index < 200; index++) runs.push(work.run('flood', false, async () => void order.push('flood')));
  runs.push(work.run('person', false, async () => void order.push('person')));
  await pass(0);
  await Promise.all(runs);
  assert.ok(order.indexOf('person') < 6, `after ${order.indexOf('person')} others`);
});

test('a full queue turns the longest line away, not the newcomer', async () => {
  const { work, pass } = open(300, 20);
  const refused: string[] = [];
  const hold = Promise.withResolvers<void>();
  const ask = (prefix: string): void => {
    work.run(prefix, false, () => hold.promise).catch(() => refused.push(prefix));
  };
  for (let index = 0; index < 30; index++) ask('flood');
  ask('person');
  await pass(0);
  assert.ok(refused.length > 0);
  assert.ok(refused.every((prefix) => prefix === 'flood'));
  assert.ok(work.waiting <= 20);
  hold.resolve();
  await pass(0);
});

test('a task that fails frees its place', async () => {
  const { work } = open(100);
  for (let index = 0; index < 10; index++) {
    await assert.rejects(
      work.run('p', false, async () => {
        throw new Error('fault');
      }),
      /fault/,
    );
    await assert.rejects(
      work.run('p', false, () => {
        throw new Error('at once');
      }),
      /at once/,
    );
  }
  assert.equal(await work.run('p', false, async () => 7), 7);
});
