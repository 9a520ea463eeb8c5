import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedMaker, type MakeOrder } from '../../src/builds/shared-maker.ts';
import type { Make } from '../../src/builds/shelf.ts';
import type { Bundle } from '../../src/doors/script.ts';
import { createBench } from './support.ts';

/** An order as it comes out of a message: nothing of it is the same object twice. */
const order = (script: string, seed = 1, ahead = false): MakeOrder => ({
  texts: { script, worker: '', chunks: {} },
  recipe: { version: '1', options: {}, seed },
  ahead,
});

interface Making {
  readonly script: string;
  readonly options: Parameters<Make>[2];
  readonly done: PromiseWithResolvers<Bundle>;
}

/** Makes when it is told to. */
function byHand() {
  const begun: Making[] = [];
  const make: Make = ({ script }, _recipe, options) => {
    const done = Promise.withResolvers<Bundle>();
    begun.push({ script, options, done });
    return done.promise;
  };
  const finish = ({ script, done }: Making): void =>
    done.resolve({ script: `made of ${script}`, worker: '', chunks: {} });
  return { begun, make, finish };
}

test('what several ask for at once is made once, and whoever comes later gets it too', async () => {
  const { begun, make, finish } = byHand();
  const told: number[] = [];
  const maker = createSharedMaker({ make, made: (seconds) => told.push(seconds) });
  const asked = [maker.make(order('a')), maker.make(order('a')), maker.make(order('a', 1, true))];
  assert.equal(begun.length, 1);
  begun.forEach(finish);
  const all = await Promise.all([...asked, maker.make(order('a'))]);
  assert.deepEqual(new Set(all.map(({ script }) => script)), new Set(['made of a']));
  assert.equal(begun.length, 1);
  assert.equal(told.length, 1);
});

test('another text, or another recipe, is another build', async () => {
  const { begun, make } = byHand();
  const maker = createSharedMaker({ make });
  void maker.make(order('a'));
  void maker.make(order('b'));
  void maker.make(order('a', 2));
  assert.deepEqual(
    begun.map(({ script }) => script),
    ['a', 'b', 'a'],
  );
});

test('two are kept: whoever asks for an older one has it made again', async () => {
  const { begun, make, finish } = byHand();
  const maker = createSharedMaker({ make });
  for (const script of ['a', 'b', 'c', 'b', 'c', 'a']) {
    const asked = maker.make(order(script));
    begun.forEach(finish);
    assert.equal((await asked).script, `made of ${script}`);
  }
  assert.equal(begun.map(({ script }) => script).join(''), 'abca');
});

test('one that is pushed out while it is made still comes to whoever waits for it', async () => {
  const { begun, make, finish } = byHand();
  const maker = createSharedMaker({ make });
  const first = maker.make(order('a'));
  for (const script of ['b', 'c']) void maker.make(order(script));
  begun.forEach(finish);
  assert.equal((await first).script, 'made of a');
});

test('what failed fails for all who waited, and is tried again by the next', async () => {
  const { begun, make, finish } = byHand();
  const maker = createSharedMaker({ make });
  const asked = [maker.make(order('a')), maker.make(order('a'))];
  begun[0]?.done.reject(new Error('no memory'));
  for (const one of asked) await assert.rejects(one, /no memory/);
  const again = maker.make(order('a'));
  assert.equal(begun.length, 2);
  begun.slice(1).forEach(finish);
  assert.equal((await again).script, 'made of a');
});

test('what is being made is called off when it is closed', async () => {
  const { begun, make } = byHand();
  const maker = createSharedMaker({ make });
  void maker.make(order('a'));
  assert.equal(begun[0]?.options.signal.aborted, false);
  maker.close();
  assert.equal(begun[0]?.options.signal.aborted, true);
});

test('guards of one secret come to the same build, made once, at the start and at each turn', async () => {
  let count = 0;
  const maker = createSharedMaker({
    make: async (texts) => {
      count += 1;
      return texts;
    },
  });
  // As it travels between threads.
  const make: Make = (texts, recipe, { ahead }) => maker.make(structuredClone({ texts, recipe, ahead }));
  const benches = await Promise.all([1, 2, 3].map(() => createBench({ builds: 'hour' }, make)));
  const ids = (): Set<string> => new Set(benches.map((bench) => bench.names().id));
  const [first = ''] = ids();
  assert.deepEqual([ids().size, count], [1, 1]);
  for (const bench of benches) {
    bench.now += 3_600_000;
    bench.reload();
  }
  for (let turns = 10_000; ids().has(first); turns -= 1) {
    assert.ok(turns > 0, 'waited in vain for the next build');
    await new Promise((done) => setImmediate(done));
  }
  assert.equal(ids().size, 1);
  assert.equal(count, 2);
  const [one, other] = benches;
  const names = one?.names() ?? null;
  assert.equal((await other?.enter(names))?.code, '', 'who has the page of one is let in by another');
  for (const { guard } of benches) await guard.close();
});
