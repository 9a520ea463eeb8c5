import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileUse } from '../../src/guard/config-use.ts';
import { noClaims } from '../../src/guard/context.ts';
import { newUseResult } from '../../src/guard/use.ts';
import { callersClock } from '../../src/stores/redis/wide/clock.ts';
import { createWide } from '../../src/stores/redis/wide/create.ts';
import type { Wide } from '../../src/stores/redis/wide/wide.ts';
import { testRunner } from '../stores/redis/support.ts';
import { startRedis } from '../support/redis.ts';

const START = 1_750_000_000_000;
const INTERVAL = 100;
const BURST = 40;
const PROCESSES = 3;

type Step =
  /** So many calls at once, some of which are refused by what comes later. */
  | { readonly kind: 'calls'; readonly who: number; readonly count: number; readonly undone: number }
  | { readonly kind: 'wait'; readonly ms: number }
  /** The process is gone, with all that it held, and another comes. */
  | { readonly kind: 'kill'; readonly who: number };

const who = fc.nat(PROCESSES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('calls' as const),
      who,
      count: fc.integer({ min: 1, max: 12 }),
      undone: fc.nat(3),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), who }) },
);

test('R67 whoever holds what ahead, dies with it or gives it back: no span sees more calls than its rate and burst allow', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const runner = testRunner(server.url);
  context.after(() => runner.close());
  const rule = compileUse(
    {},
    { match: 'GET /all', limit: { rate: '600/minute', burst: BURST, per: 'total' } },
    'proof',
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      runs += 1;
      const open = (): Wide =>
        createWide(runner, { secret: 'a secret', prefix: `run-${runs}:`, clock: callersClock(2000) });
      const processes = Array.from({ length: PROCESSES }, open);
      const made: Wide[] = [...processes];
      const times: number[] = [];
      let now = START;
      for (const one of steps) {
        if (one.kind === 'wait') now += one.ms;
        if (one.kind === 'kill') {
          processes[one.who] = open();
          made.push(processes[one.who] as Wide);
        }
        if (one.kind !== 'calls') continue;
        const claims = () => ({ ...noClaims(now), use: rule, used: newUseResult() });
        const found = await Promise.all(
          Array.from({ length: one.count }, () => processes[one.who]?.take(claims(), '') ?? null),
        );
        const taken = found.filter((each) => each !== null);
        for (const each of taken.slice(0, one.undone)) each.undo();
        for (const _ of taken.slice(one.undone)) times.push(now);
      }
      for (const wide of made) await wide.close();
      for (const [first, from] of times.entries()) {
        for (const [last, to] of times.entries()) {
          if (last < first) continue;
          const most = BURST + (to - from) / INTERVAL;
          assert.ok(last - first + 1 <= most + 0.001, `${last - first + 1} calls in ${to - from} ms`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('R67 one process alone gets all that its rate and burst allow', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const runner = testRunner(server.url);
  const wide = createWide(runner, { secret: 'a secret', clock: callersClock(2000) });
  context.after(async () => {
    await wide.close();
    runner.close();
  });
  const rule = compileUse(
    {},
    { match: 'GET /all', limit: { rate: '600/minute', burst: BURST, per: 'total' } },
    'proof',
  );
  let admitted = 0;
  for (let ms = 0; ms <= 10_000; ms += 20) {
    if ((await wide.take({ ...noClaims(START + ms), use: rule, used: newUseResult() }, '')) !== null) admitted += 1;
  }
  assert.equal(admitted, BURST + 10_000 / INTERVAL);
});
