import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { compileUse, type ConcurrentConfig, type LimitConfig } from '../../../src/guard/config-use.ts';
import { noClaims } from '../../../src/guard/context.ts';
import { crowdNamed } from '../../../src/guard/crowd.ts';
import type { Claims } from '../../../src/guard/state.ts';
import { newUseResult, type UseRules } from '../../../src/guard/use.ts';
import { callersClock } from '../../../src/stores/redis/wide/clock.ts';
import { OPEN_LIFE } from '../../../src/stores/redis/wide/open.ts';
import { createWide } from '../../../src/stores/redis/wide/create.ts';
import { NOTHING_TAKEN, type Taken, type Wide } from '../../../src/stores/redis/wide/wide.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { type TestRunner, testRunner } from './support.ts';

const SECRET = 'a secret of at least thirty-two characters';
const START = 1_750_000_000_000;

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

let databases = 0;

/** So many processes on one new database. Time is what requests say it is, unless the server's is asked for. */
function processes(context: TestContext, count: number, time: 'callers' | 'server' = 'callers', life?: number) {
  databases += 1;
  const made = Array.from({ length: count }, () => {
    const runner = testRunner(server.url);
    const clock = time === 'callers' ? { clock: callersClock(life) } : {};
    const wide = createWide(runner, { secret: SECRET, prefix: `test-${databases}:`, ...clock });
    context.after(async () => {
      await wide.close();
      runner.close();
    });
    return { wide, runner };
  });
  return made;
}

function one(context: TestContext): { wide: Wide; runner: TestRunner } {
  const [made] = processes(context, 1);
  assert.ok(made);
  return made;
}

let rules = 0;
const ruled = (limit: LimitConfig[], concurrent: ConcurrentConfig = {}): UseRules => {
  rules += 1;
  return compileUse({}, { match: `GET /rule-${rules}`, limit, concurrent }, 'proof');
};

const call = (use: UseRules, changes: Partial<Claims> = {}): Claims => ({
  ...noClaims(START),
  mayWait: true,
  use,
  used: newUseResult(),
  ...changes,
});

async function taken(wide: Wide, make: () => Claims, tries: number, crowd = ''): Promise<Taken[]> {
  const all: Taken[] = [];
  for (let at = 0; at < tries; at++) {
    const found = await wide.take(make(), crowd);
    if (found !== null) all.push(found);
  }
  return all;
}

test('R67 a request that nothing wider than its session counts costs no call', async (context) => {
  const { wide, runner } = one(context);
  const rule = ruled([{ rate: '1/hour' }], { session: 1 });
  assert.equal(wide.take(call(rule), ''), NOTHING_TAKEN);
  assert.equal(wide.take(noClaims(START), ''), NOTHING_TAKEN);
  assert.equal(runner.calls, 0);
});

test('R67 people, partners, networks and a route are counted, each for itself, by whichever process', async (context) => {
  const two = processes(context, 2);
  for (const [per, field] of [
    ['subject', 'subject'],
    ['key', 'account'],
    ['prefix', 'prefix'],
  ] as const) {
    const rule = ruled([{ rate: '4/hour', per }]);
    const by = async (payer: string) => {
      let count = 0;
      for (let at = 0; at < 6; at++)
        for (const { wide } of two) if ((await wide.take(call(rule, { [field]: payer }), '')) !== null) count += 1;
      return count;
    };
    assert.equal(await by('one'), 4, per);
    assert.equal(await by('two'), 4, per);
    assert.equal(await by(''), 12, `${per}: nobody is counted where nobody is known`);
  }
});

test('R67 a rate fills as it says, and several at once all have room or none gives', async (context) => {
  const { wide } = one(context);
  const rule = ruled([
    { rate: '60/minute', burst: 5, per: 'route' },
    { rate: '8/hour', per: 'prefix' },
  ]);
  const at = (now: number, prefix = '192.0.2.1') => taken(wide, () => call(rule, { now, prefix }), 20);
  assert.equal((await at(START)).length, 5);
  assert.equal((await at(START + 3000)).length, 3);
  const late = call(rule, { now: START + 60_000, prefix: '192.0.2.1' });
  assert.equal(await wide.take(late, ''), null);
  assert.match(late.used.refusedBy?.name ?? '', /8\/hour per prefix/);
  assert.ok(late.used.retryAfter > 300 && late.used.retryAfter <= 450, `${late.used.retryAfter} s`);
  assert.equal((await at(START + 60_000, '192.0.2.2')).length, 5, 'the refused have taken nothing of the route');
});

test('R67 what is undone is there again, and a replay costs nobody anything', async (context) => {
  const { wide } = one(context);
  const rule = ruled([{ rate: '3/hour', per: 'route' }], { route: 3 });
  for (let at = 0; at < 10; at++) {
    const found = await wide.take(call(rule), '');
    assert.ok(found);
    found.undo();
    found.end();
  }
  assert.equal((await taken(wide, () => call(rule), 6)).length, 3);
});

test('R67 what is undone once its bucket has been full again is nobody’s any more', async (context) => {
  const { wide } = one(context);
  const rule = ruled([{ rate: '60/minute', burst: 2, per: 'route' }]);
  const slow = await wide.take(call(rule), '');
  const later = () => call(rule, { now: START + 3000 });
  assert.equal((await taken(wide, later, 3)).length, 2);
  slow?.undo();
  assert.equal((await taken(wide, later, 3)).length, 0);
});

test('R67 a killed process costs what it held ahead, and what it had spent of it is not forgotten', async (context) => {
  const [killed, other] = processes(context, 2, 'callers', 2000);
  assert.ok(killed && other);
  const rule = ruled([{ rate: '100/day', per: 'total' }]);
  assert.equal((await taken(killed.wide, () => call(rule), 30)).length, 30);
  const meanwhile = (await taken(other.wide, () => call(rule), 100)).length;
  const later = (await taken(other.wide, () => call(rule, { now: START + 2001 }), 100)).length;
  assert.equal(later, 0, 'it counts as spent');
  assert.ok(meanwhile <= 70, `${30 + meanwhile} of 100`);
  assert.ok(meanwhile >= 20, `${30 + meanwhile} of 100: at most half of what there was is ever held`);
});

test('R67 what a killed process had open is free again when it has not said so for a while', async (context) => {
  const [killed, other] = processes(context, 2);
  assert.ok(killed && other);
  const rule = ruled([], { route: 3 });
  assert.equal((await taken(killed.wide, () => call(rule), 5)).length, 3);
  assert.equal((await taken(other.wide, () => call(rule, { now: START + OPEN_LIFE - 1 }), 5)).length, 0);
  assert.equal((await taken(other.wide, () => call(rule, { now: START + OPEN_LIFE }), 5)).length, 3);
});

test('R67 what is still open is said again in time, and stays counted', async (context) => {
  const [one, other] = processes(context, 2);
  assert.ok(one && other);
  const rule = ruled([], { route: 3, prefix: 9 });
  const mine = (now: number) => call(rule, { now, prefix: '192.0.2.1' });
  assert.equal((await taken(one.wide, () => mine(START), 2)).length, 2);
  for (let now = START; now < START + 2 * OPEN_LIFE; now += OPEN_LIFE / 2) {
    // Something else happens here, by which this process knows how late it is.
    await taken(one.wide, () => call(ruled([{ rate: '9/second', per: 'route' }]), { now }), 1);
    const calls = one.runner.calls;
    while (now > START && one.runner.calls === calls) await new Promise((resolve) => setTimeout(resolve, 20));
    const open = await taken(other.wide, () => call(rule, { now, prefix: '192.0.2.2' }), 5);
    assert.equal(open.length, 1, `after ${now - START} ms`);
    open[0]?.end();
  }
});

test('R67 a call that comes a little early is held back where the rule says so', async (context) => {
  const { wide } = one(context);
  const rule = ruled([{ rate: '60/minute', burst: 1, wait: 2, per: 'route' }]);
  const delays: number[] = [];
  for (;;) {
    const claims = call(rule);
    if ((await wide.take(claims, '')) === null) {
      assert.equal(claims.used.retryAfter, 1);
      break;
    }
    delays.push(Math.round(claims.used.delay));
  }
  assert.deepEqual(delays, [0, 1000, 2000]);
  const other = ruled([{ rate: '60/minute', burst: 1, wait: 2, per: 'route' }]);
  assert.equal((await taken(wide, () => call(other, { mayWait: false }), 3)).length, 1);
});

test('R67 the limit with the fewest requests left is told', async (context) => {
  const { wide } = one(context);
  const rule = ruled([
    { rate: '600/minute', per: 'route' },
    { rate: '60/minute', burst: 10, per: 'total' },
  ]);
  const claims = call(rule);
  assert.ok(await wide.take(claims, ''));
  assert.deepEqual([claims.used.tightest?.scope, claims.used.left, claims.used.fullIn], ['total', 9, 1]);
});

test('R67 sessions of a crowd have together what so many sessions have under the rules by session', async (context) => {
  const { wide } = one(context);
  const rule = ruled([{ rate: '60/hour', burst: 4 }], { session: 3 });
  const [here, elsewhere] = [
    crowdNamed('198.51.100.7', { mintsPerMinute: 2 }),
    crowdNamed('198.51.100.8', { mintsPerMinute: 1 }),
  ];
  const first = await taken(wide, () => call(rule), 9, here);
  assert.equal(first.length, 6, 'two times three are open');
  for (const { end } of first) end();
  assert.equal((await taken(wide, () => call(rule), 9, here)).length, 2);
  assert.equal((await taken(wide, () => call(rule), 9, elsewhere)).length, 3, 'each network has its own');
});

test('R67 so many requests are open at a time over all processes, and who ends makes room, once', async (context) => {
  const [one, other] = processes(context, 2);
  assert.ok(one && other);
  const rule = ruled([], { route: 3 });
  const first = await taken(one.wide, () => call(rule), 2);
  const second = await taken(other.wide, () => call(rule), 3);
  assert.deepEqual([first.length, second.length], [2, 1]);
  const refused = call(rule);
  assert.equal(await one.wide.take(refused, ''), null);
  assert.match(refused.used.refusedBy?.name ?? '', /concurrent per route/);
  first[0]?.end();
  first[0]?.end();
  let more: Taken[] = [];
  while (more.length === 0) more = await taken(other.wide, () => call(rule), 3);
  assert.equal(more.length, 1, 'closing twice counts once');
});

test('R67 a key’s quota is counted in spans of the wall clock, over all processes, and a clock set back gives none anew', async (context) => {
  const two = processes(context, 2);
  const DAY = 86_400_000;
  const midnight = START - (START % DAY) + DAY;
  const quota = (now: number, key = 'one'): Claims => ({ ...noClaims(now), key, quotaCount: 4, quotaPer: DAY });
  const count = async (now: number, key?: string) => {
    let found = 0;
    for (let at = 0; at < 4; at++)
      for (const { wide } of two) if ((await wide.take(quota(now, key), '')) !== null) found += 1;
    return found;
  };
  assert.equal(await count(START), 4);
  assert.equal(await count(midnight - 1), 0);
  assert.equal(await count(midnight - 1, 'two'), 4);
  assert.equal(await count(midnight), 4);
  assert.equal(await count(START), 0, 'set back');
});

test('R67 new sessions are counted per network and in total, over all processes', async (context) => {
  const minting = () => {
    const two = processes(context, 2);
    return async (prefix: string, perMinute: number, total: number, now = START) => {
      let count = 0;
      for (let at = 0; at < 6; at++) {
        const found = await two[at % 2]?.wide.mint(prefix, perMinute, total, now);
        if (found === 0) count += 1;
        else assert.ok(found !== undefined && found >= 1 && found <= 20, `${found} s`);
      }
      return count;
    };
  };
  const each = minting();
  assert.equal(await each('198.51.100.7', 3, 1000), 3);
  assert.equal(await each('198.51.100.8', 3, 1000), 3, 'a neighbour feels nothing');
  assert.equal(await each('198.51.100.7', 3, 1000, START + 20_000), 1);
  assert.equal(await each('198.51.100.6', 0, 1000), 0);
  const all = minting();
  assert.equal(await all('198.51.100.7', 100, 5), 5, 'in total');
  assert.equal(await all('198.51.100.8', 100, 5), 0);
});

test('R67 four processes that hold shares ahead admit no more than the rate, on the server’s clock', async (context) => {
  const four = processes(context, 4, 'server');
  const rule = ruled([{ rate: '200/second', burst: 300, per: 'total' }]);
  const began = performance.now();
  let [admitted, tries] = [0, 0];
  const until = began + 1500;
  await Promise.all(
    four.map(async ({ wide }) => {
      while (performance.now() < until) {
        const found = await Promise.all(
          Array.from({ length: 20 }, () => wide.take(call(rule, { mayWait: false }), '')),
        );
        tries += found.length;
        admitted += found.filter((one) => one !== null).length;
      }
    }),
  );
  const most = 300 + (200 * (performance.now() - began)) / 1000;
  assert.ok(admitted <= most + 1, `${admitted} of ${most}`);
  assert.ok(admitted >= 300 + 200, `${admitted}: what is held ahead is not lost`);
  const calls = four.reduce((sum, { runner }) => sum + runner.calls, 0);
  assert.ok(calls <= tries / 20, `${calls} calls for ${tries} requests`);
});
