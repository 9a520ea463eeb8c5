import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openChangeBook } from '../../src/gateway/change-book.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Signals } from '../../src/guard/signals.ts';
import { idOf, termsOf } from '../../src/guard/terms.ts';
import { createRecords } from '../../src/stores/records/open.ts';

const SECRET = 'a secret of at least thirty-two characters';
const HOUR = 3_600_000;
const FILE: Config = { to: 'http://localhost:3000', mode: 'enforce', routes: [{ match: 'GET /api/posts' }] };
const OLD = termsOf(FILE, '1.0.0');
const UPGRADED = termsOf(FILE, '1.1.0');
const REPORT = termsOf({ ...FILE, mode: 'report' }, '1.0.0');

async function place(t: TestContext) {
  const records = await createRecords('memory', { secret: SECRET });
  t.after(() => records.close());
  const time = { wall: 1_790_000_000_000, monotonic: 5_000 };
  const said: string[] = [];
  return {
    time,
    said,
    signals: records.signals,
    later(ms: number) {
      time.wall += ms;
      time.monotonic += ms;
    },
    open: (terms = OLD, signals: Signals = records.signals, secret = SECRET) =>
      openChangeBook({
        ...{ signals, secret, terms },
        clock: { wall: () => time.wall, monotonic: () => time.monotonic },
        warn: (message) => said.push(message),
      }),
  };
}

test('P3.4 what held before a restart, and since when it does not, is there after it', async (t) => {
  const here = await place(t);
  const first = await here.open();
  assert.deepEqual(first.found(OLD), []);
  await first.close();
  here.later(HOUR);
  const at = here.time.wall;
  const second = await here.open(UPGRADED);
  assert.deepEqual(second.found(UPGRADED), [{ at, before: OLD, after: UPGRADED, settled: [] }]);
  await second.close();
  here.later(HOUR);
  const third = await here.open(UPGRADED);
  assert.deepEqual(third.found(UPGRADED), [{ at, before: OLD, after: UPGRADED, settled: [] }]);
  await third.close();
  assert.deepEqual(here.said, []);
});

test('P3.4 a switch, and that it was taken back for a layer, are there after a restart', async (t) => {
  const here = await place(t);
  const first = await here.open(REPORT);
  const at = here.time.wall;
  first.changed(REPORT, REPORT);
  first.changed(REPORT, OLD);
  first.settle({ at, after: OLD }, 'proof');
  await first.close();
  await first.close();
  const [change, ...rest] = (await here.open(OLD)).found(OLD);
  assert.deepEqual(
    [change?.at, change && idOf(change.before), change?.settled, rest],
    [at, idOf(REPORT), ['proof'], []],
  );
});

test('P3.6 a gate whose clock is put back while it runs leaves a change that lies as far back as it did', async (t) => {
  const here = await place(t);
  const first = await here.open(REPORT);
  first.changed(REPORT, OLD);
  here.later(2 * HOUR);
  here.time.wall -= 5 * HOUR;
  const now = here.time.wall;
  await first.close();
  const [change] = (await here.open(OLD)).found(OLD);
  assert.equal(change?.at, now - 2 * HOUR);
});

test('what somebody without the secret has written there is no past, and is said', async (t) => {
  const here = await place(t);
  const name = await nameOf(here.signals, () => here.open());
  assert.equal(await here.signals.publish(name, { counter: 90, text: 'x'.repeat(60) }), true);
  const book = await here.open(UPGRADED);
  assert.deepEqual(book.found(UPGRADED), []);
  assert.match(here.said[0] ?? '', /not signed by this secret/);
  await book.close();

  const kept = await here.signals.latest(name);
  await here.signals.publish(name, { counter: 200, text: kept?.text ?? '' });
  assert.deepEqual((await here.open(OLD)).found(OLD), [], 'nor is its own, under another number');
});

test('gates under another secret have a book of their own', async (t) => {
  const here = await place(t);
  await (await here.open()).close();
  const book = await here.open(UPGRADED, here.signals, 'another secret of thirty-two characters');
  assert.deepEqual(book.found(UPGRADED), []);
});

test('a store that cannot be reached keeps no gate from starting, and costs it the past alone', async (t) => {
  const here = await place(t);
  const gone = async (): Promise<never> => {
    throw new Error('gone');
  };
  const book = await here.open(UPGRADED, { publish: gone, latest: gone, subscribe: () => () => {} });
  assert.deepEqual(book.found(UPGRADED), []);
  book.changed(UPGRADED, OLD);
  await book.close();
  assert.ok(here.said.length >= 2 && here.said.every((line) => line.endsWith('gone')), here.said.join('\n'));
});

test('a configuration that is too long is not written down, and that is said', async (t) => {
  const here = await place(t);
  const open = Array.from({ length: 9000 }, (_, index) => `/api/a-path-that-is-called/number-${index}`);
  const long = termsOf({ ...FILE, open }, '1.0.0');
  const book = await here.open(long);
  assert.deepEqual([book.found(long), here.said.length], [[], 1]);
  assert.match(here.said[0] ?? '', /too long/);
});

/** The name under which a book is kept. */
async function nameOf(signals: Signals, open: () => Promise<{ close(): Promise<void> }>): Promise<string> {
  const { publish } = signals;
  let found = '';
  signals.publish = (name, signal) => {
    found = name;
    return publish(name, signal);
  };
  await (await open()).close();
  signals.publish = publish;
  return found;
}
