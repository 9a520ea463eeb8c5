import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openSwitches, type Switch } from '../../src/gateway/switches.ts';
import type { Signal, Signals } from '../../src/guard/signals.ts';
import { until } from './support.ts';

const SECRET = 'a secret of at least thirty-two characters';
const over = { mode: 'enforce', rollout: '100%', layers: {} } as const;

/** A store that several gates share, and whoever can write to it. */
function createStore() {
  const rows = new Map<string, Signal>();
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const store = {
    rows,
    tell,
    reachable: true,
    signals: {
      async publish(name, signal) {
        if (!store.reachable) throw new Error('unreachable');
        if ((rows.get(name)?.counter ?? 0) >= signal.counter) return false;
        rows.set(name, signal);
        tell();
        return true;
      },
      async latest(name) {
        if (!store.reachable) throw new Error('unreachable');
        return rows.get(name) ?? null;
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    } satisfies Signals,
  };
  return store;
}

async function gate(t: TestContext, { signals }: ReturnType<typeof createStore>, secret = SECRET) {
  const heard: Switch[] = [];
  const warned: string[] = [];
  const switches = await openSwitches({
    signals,
    secret,
    onSwitch: (made) => heard.push(made),
    warn: (message) => warned.push(message),
    retryMs: 5,
  });
  t.after(() => switches.close());
  const make = (mode: 'report' | 'enforce', by = 'admin') => switches.publish({ at: 1, by, settings: { mode }, over });
  return { switches, heard, warned, make, last: () => switches.last()?.settings.mode };
}

test('P3.5 a switch reaches all gates of one secret, those that run and those that start later', async (t) => {
  const store = createStore();
  const [one, two, stranger] = [
    await gate(t, store),
    await gate(t, store),
    await gate(t, store, 'another secret of thirty-two characters'),
  ];
  assert.equal(await one.make('report', 'admin on one'), true);
  await until(() => two.heard.length > 0);
  assert.deepEqual([two.heard[0]?.settings, two.heard[0]?.by], [{ mode: 'report' }, 'admin on one']);
  assert.equal((await gate(t, store)).last(), 'report');
  assert.equal(one.heard.length, 0, 'who switched is switched already');
  assert.deepEqual([stranger.heard.length, stranger.last()], [0, undefined]);
});

test('P3.5 whoever can write to the store can neither make up a switch nor put an earlier one back', async (t) => {
  const store = createStore();
  const [one, two] = [await gate(t, store), await gate(t, store)];
  await one.make('report');
  const [name, report] = [...store.rows][0] ?? ['', { counter: 0, text: '' }];
  await one.make('enforce');
  await until(() => two.last() === 'enforce');

  store.rows.set(name, report);
  store.tell();
  await until(() => (store.rows.get(name)?.counter ?? 0) > report.counter);
  assert.deepEqual([one.last(), two.last()], ['enforce', 'enforce']);
  assert.ok([...one.warned, ...two.warned].some((line) => line.includes('an earlier one was put back')));

  const forged = { counter: 1000, text: 'A'.repeat(43) + report.text.slice(43) };
  store.rows.set(name, forged);
  store.tell();
  await until(() => store.rows.get(name)?.text !== forged.text);
  assert.deepEqual([one.last(), two.last()], ['enforce', 'enforce']);

  store.rows.set(name, { ...report, counter: 5000 });
  store.tell();
  await until(() => (store.rows.get(name)?.counter ?? 0) > 5000);
  assert.deepEqual([one.last(), two.last()], ['enforce', 'enforce'], 'the counter is signed with the rest');
  assert.equal(await two.make('report'), true, 'and a switch still gets through');
  await until(() => one.last() === 'report');
});

test('P3.5 a switch while the store is away holds here at once and travels as soon as it is back', async (t) => {
  const store = createStore();
  const [one, two] = [await gate(t, store), await gate(t, store)];
  store.reachable = false;
  assert.equal(await one.make('report'), false);
  assert.equal(one.last(), 'report');
  store.reachable = true;
  await until(() => two.last() === 'report');
});

test('P3.5 a gate that starts while the store is away hears of the last switch once it is back', async (t) => {
  const store = createStore();
  await (await gate(t, store)).make('report');
  store.reachable = false;
  const late = await gate(t, store);
  assert.equal(late.last(), undefined);
  store.reachable = true;
  await until(() => late.heard.length > 0);
  assert.equal(late.last(), 'report');
});

test('P3.5 of two switches at the same moment all gates end with the same one', async (t) => {
  const store = createStore();
  const gates = [await gate(t, store), await gate(t, store), await gate(t, store)];
  for (let round = 0; round < 10; round++) {
    await Promise.all([gates[0]?.make('report'), gates[1]?.make('enforce'), gates[2]?.make('report')]);
    const kept = (): number => [...store.rows.values()][0]?.counter ?? 0;
    await until(() => gates.every(({ switches }) => switches.last()?.counter === kept()));
    assert.equal(new Set(gates.map(({ last }) => last())).size, 1);
  }
});
