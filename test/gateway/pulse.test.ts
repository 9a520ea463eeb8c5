import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { SILENT_SECONDS, watchPulse } from '../../src/gateway/fleet/pulse.ts';

/** Lets so many seconds pass, one by one, with what waits for promises in between. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    mock.timers.tick(1000);
    await Promise.resolve().then(() => {});
  }
}

function watched(beat: () => Promise<unknown>, isDebugged = () => false) {
  const seen = { hung: 0 };
  const stop = watchPulse({ beat, hung: () => void seen.hung++, isDebugged });
  return { seen, stop };
}

test('who answers late, but answers, has not hung; who falls silent has, and it is said once', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  let asked = Promise.withResolvers<void>();
  const { seen } = watched(() => {
    asked = Promise.withResolvers();
    return asked.promise;
  });
  for (let round = 0; round < 3; round++) {
    await pass(SILENT_SECONDS);
    asked.resolve();
    await Promise.resolve().then(() => {});
  }
  assert.equal(seen.hung, 0);
  await pass(SILENT_SECONDS);
  assert.equal(seen.hung, 0);
  await pass(3 * SILENT_SECONDS);
  assert.equal(seen.hung, 1);
});

test('a process that stood still finds nobody silent: it counts its own seconds', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const { seen } = watched(() => new Promise(() => {}));
  await pass(1);
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    t.mock.method(clock, 'now', () => now() + 3_600_000);
  }
  await pass(1);
  assert.equal(seen.hung, 0);
});

test('a thread that somebody debugs may stand still; afterwards it gets its time again', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  let isDebugged = true;
  const { seen } = watched(
    () => new Promise(() => {}),
    () => isDebugged,
  );
  await pass(100);
  isDebugged = false;
  await pass(SILENT_SECONDS);
  assert.equal(seen.hung, 0);
  await pass(1);
  assert.equal(seen.hung, 1);
});

test('nobody is watched any more once the watch is over', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  let asked = 0;
  const { seen, stop } = watched(() => {
    asked += 1;
    return new Promise(() => {});
  });
  await pass(2);
  stop();
  await pass(100);
  assert.deepEqual([asked, seen.hung], [1, 0]);
});
