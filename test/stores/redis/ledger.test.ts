import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Cap, Entry, Ledger, LedgerLosses } from '../../../src/guard/ledger.ts';
import { createRedisLedger } from '../../../src/stores/redis/ledger.ts';
import type { ScriptRunner } from '../../../src/stores/redis/wide/wide.ts';
import { startRedis } from '../../support/redis.ts';
import { type TestRunner, testRunner } from './support.ts';

const SECRET = 'a secret of at least thirty-two characters';
const DAILY: Cap = { name: 'all: USD per total, day', span: 86_400_000, amount: 100, even: false, share: null };

const entry = (amount = 1): Entry => ({ cap: DAILY, payer: '', amount, slot: 0 });

async function calls(ledger: Ledger, most = 1000): Promise<number> {
  let count = 0;
  while (count < most && (await ledger.reserve([entry()], Date.now())).short === null) count += 1;
  return count;
}

/** A way to whichever server is the master. */
interface Way extends ScriptRunner {
  to(url: string): void;
  readonly at: TestRunner;
}

function way(context: TestContext, url: string): Way {
  let at = testRunner(url);
  context.after(() => at.close());
  return {
    cluster: false,
    get at() {
      return at;
    },
    to(next) {
      at.close();
      at = testRunner(next);
    },
    run: (script, keys, args) => at.run(script, keys, args),
  };
}

const losses = new WeakMap<Ledger, LedgerLosses>();

function open(context: TestContext, runner: ScriptRunner): Ledger {
  const ledger = createRedisLedger(runner, { secret: SECRET });
  ledger.onLoss?.((known) => losses.set(ledger, known));
  context.after(() => ledger.close());
  return ledger;
}

test('P2.1 a server that is killed and comes back from its log has forgotten nothing', async (context) => {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'everysec']);
  context.after(() => server.stop());
  const ledger = open(context, testRunnerOf(context, server.url));
  assert.equal(await calls(ledger, 60), 60);
  await server.kill();
  await assert.rejects(async () => ledger.reserve([entry()], Date.now()), 'who cannot be asked lets nobody spend');
  await server.start();
  assert.equal(await calls(ledger), 40);
  assert.equal(losses.get(ledger), undefined);
  assert.equal(await calls(open(context, testRunnerOf(context, server.url))), 0);
});

test('P2.1 what a master acknowledged and its replica never heard of is written again by whoever spent it', async (context) => {
  const [master, replica] = [await startRedis(), await startRedis()];
  context.after(() => Promise.all([master.stop(), replica.stop()]));
  const behind = testRunnerOf(context, replica.url);
  await behind.redis.replicaof('127.0.0.1', master.port);
  const ways = [way(context, master.url), way(context, master.url)];
  const [one, other] = ways.map((runner) => open(context, runner));
  assert.ok(one && other);
  assert.equal((await calls(one, 20)) + (await calls(other, 10)), 30);
  await inStep(ways[0]?.at, behind);
  // Cut off: what comes now is acknowledged and lost.
  await behind.redis.replicaof('NO', 'ONE');
  assert.equal((await calls(one, 15)) + (await calls(other, 5)), 20);
  await master.kill();
  for (const runner of ways) runner.to(replica.url);
  // Nobody calls at the other gate: it has noticed by itself before anything is spent.
  assert.equal(await calls(one), 50, 'fifty were spent');
  assert.deepEqual(losses.get(one), { rewritten: 15, lost: 0, emptied: 0 });
  assert.deepEqual(losses.get(other), { rewritten: 5, lost: 0, emptied: 0 });
  assert.deepEqual(await one.spent([DAILY], Date.now()), [100]);
});

test('P2.1 a server that forgot everything is told what the gates remember, and says so', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const ledger = open(context, testRunnerOf(context, server.url));
  assert.equal(await calls(ledger, 70), 70);
  await server.kill();
  await server.start();
  assert.equal(await calls(ledger), 30);
  assert.deepEqual(losses.get(ledger), { rewritten: 70, lost: 0, emptied: 1 });
});

test('P2.1 the beat alone writes again what a server forgot: nobody has to call for it', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const runner = testRunnerOf(context, server.url);
  const ledger = open(context, runner);
  assert.equal(await calls(ledger, 70), 70);
  await runner.redis.flushall();
  while ((await ledger.spent([DAILY], Date.now()))[0] !== 70) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(losses.get(ledger)?.rewritten, 70);
});

test('R68 what is given back is given back once, whether it was the question or the answer that got lost', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const runner = testRunnerOf(context, server.url);
  for (const [lost, spent] of [
    ['question', 40 - 30 + 2],
    // The call whose answer got lost stays spent, too: nobody knows that it was not made.
    ['answer', 40 - 30 + 3],
  ] as const) {
    let fails = false;
    const ledger = createRedisLedger(
      {
        cluster: false,
        async run(script, keys, args) {
          if (fails && lost === 'question') throw new Error('not sent');
          const answer = await runner.run(script, keys, args);
          if (fails) throw new Error('no answer');
          return answer;
        },
      },
      { secret: SECRET, prefix: `${lost}:` },
    );
    context.after(() => ledger.close());
    const taken = [entry(40)];
    assert.equal((await ledger.reserve(taken, Date.now())).short, null);
    fails = true;
    ledger.giveBack(taken, 30);
    await assert.rejects(async () => ledger.reserve([entry()], Date.now()));
    fails = false;
    assert.equal(await calls(ledger, 2), 2);
    assert.deepEqual(await ledger.spent([DAILY], Date.now()), [spent], lost);
  }
});

function testRunnerOf(context: TestContext, url: string): TestRunner {
  const runner = testRunner(url);
  context.after(() => runner.close());
  return runner;
}

/** Waits until a replica has all that its master has. */
async function inStep(master: TestRunner | undefined, replica: TestRunner): Promise<void> {
  const key = 'in-step';
  await master?.redis.set(key, 'yes');
  while ((await replica.redis.get(key)) !== 'yes') await new Promise((resolve) => setTimeout(resolve, 20));
}
