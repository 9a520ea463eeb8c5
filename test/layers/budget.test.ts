import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { PASS, refusal } from '../../src/guard/decision.ts';
import type { Layer } from '../../src/guard/layer.ts';
import { createRunner } from '../../src/guard/runner.ts';
import { address } from '../../src/layers/address.ts';
import { budget } from '../../src/layers/budget.ts';
import { createMemoryLedger } from '../../src/stores/memory/ledger.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { viewOf } from '../support/view.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';

const CALL = { method: 'POST', target: '/api/chat' };
const HOUR = 3_600_000;

const guarded = (route: Partial<RouteConfig>, more: Config = {}): Doors =>
  createTestDoors({ routes: [{ match: 'POST /api/chat', cost: '0.10 USD', ...route }], ...more });

/** Calls until one is refused. */
async function passed(doors: Doors, page: Page, sketch: object = CALL, most = 200): Promise<number> {
  for (let calls = 0; calls < most; calls++) {
    const { code } = await doors.decide(page.sign({ ...CALL, ...sketch }));
    if (code !== '') {
      assert.equal(code, 'budget');
      return calls;
    }
  }
  return most;
}

const from = (peer: string) => ({ peer });

test('P2.1 calls pass as long as there is money, and then wait: 429 with the code budget', async () => {
  const doors = guarded({ budget: { amount: '1 USD/day', share: 1, keep: 0 } });
  const page = doors.enter();
  assert.equal(await passed(doors, page), 10);
  const refused = await doors.decide(doors.enter().sign(CALL));
  assert.deepEqual([refused.code, refused.layer, refused.outcome], ['budget', 'budget', 'refuse']);
  assert.ok(refused.retryAfter > 0 && refused.retryAfter <= 25 * 3600, `${refused.retryAfter}`);
  assert.match(refused.trail[0]?.evidence ?? '', /^POST \/api\/chat: USD per route, day$/);
  doors.clock.now += 26 * HOUR;
  assert.equal(await passed(doors, doors.enter()), 10);
});

test('P2.2 fresh sessions of one network get one share, whatever their number', async () => {
  const doors = guarded({ budget: { amount: '10 USD/day', keep: 0 } });
  let calls = 0;
  for (let session = 0; session < 20; session++) calls += await passed(doors, doors.enter(), from('192.0.2.1'));
  assert.equal(calls, 10);
  assert.equal(await passed(doors, doors.enter(), from('198.51.100.1')), 9, 'another network has its own');
});

test('P2.2 one IPv6 /56 is one network, and what forwarding headers say of it counts for nothing', async () => {
  const doors = guarded({ budget: { amount: '10 USD/day', keep: 0 } });
  assert.equal(await passed(doors, doors.enter(), from('2001:db8:1:100::1')), 10);
  assert.equal(await passed(doors, doors.enter(), from('2001:db8:1:1ff:ffff::9')), 0);
  for (const value of ['203.0.113.9', '203.0.113.9, 203.0.113.10', '::ffff:203.0.113.9']) {
    const sketch = { ...from('2001:db8:1:120::1'), headers: { 'x-forwarded-for': value, forwarded: `for=${value}` } };
    assert.equal(await passed(doors, doors.enter(), sketch), 0, value);
  }
  const mapped = { ...from('::ffff:192.0.2.7') };
  assert.equal(await passed(doors, doors.enter(), mapped), 9);
  assert.equal(await passed(doors, doors.enter(), from('192.0.2.7')), 0, 'the same address in another spelling');
});

test('R68 a part is kept for sessions older than an hour', async () => {
  const doors = guarded({ budget: { amount: '1 USD/day', share: 1, keep: 0.3, release: 'at-once' } });
  const old = doors.enter();
  doors.clock.now += 61 * 60_000;
  const again = doors.enter({ cookie: old.cookie });
  assert.equal(await passed(doors, doors.enter()), 7);
  assert.equal(await passed(doors, doors.enter()), 0);
  assert.equal(await passed(doors, again), 3);
});

test('R68 a replayed or forged call spends nothing', async () => {
  const doors = guarded({ budget: { amount: '1 USD/day', share: 1, keep: 0 } });
  const page = doors.enter();
  const call = page.sign(CALL);
  assert.equal((await doors.decide(call)).code, '');
  for (let i = 0; i < 50; i++) assert.equal((await doors.decide(call)).code, 'replayed');
  const forged = { ...page.sign({ ...CALL, target: '/api/chat?x=1' }), ...CALL };
  for (let i = 0; i < 50; i++) assert.equal((await doors.decide(forged)).code, 'signature');
  assert.equal(await passed(doors, page), 9);
});

test('R68 what is refused after the money was reserved gives it back', async () => {
  const config: Config = {
    mode: 'enforce',
    routes: [{ match: 'POST /api/chat', level: 'open', cost: '1 USD', budget: { amount: '1 USD/day', keep: 0 } }],
  };
  let refuses = true;
  const later: Layer = {
    name: 'later',
    stage: 'after-commit',
    forRoute: () => () => (refuses ? refusal('forbidden', 'nothing') : PASS),
  };
  const runner = createRunner(compilePolicy(config), {
    layers: [address, budget, later],
    state: createMemoryState({ monotonic: null }),
    ledger: createMemoryLedger(null),
    wall: () => 1_790_000_000_000,
    nextId: () => 'id',
  });
  for (let i = 0; i < 3; i++) assert.equal((await runner.decide(viewOf(CALL))).code, 'forbidden');
  refuses = false;
  assert.equal((await runner.decide(viewOf(CALL))).code, '');
  assert.equal((await runner.decide(viewOf(CALL))).code, 'budget');
});

test('R68 where the ledger cannot be reached nobody spends', async () => {
  const route = { match: 'POST /api/chat', level: 'open', cost: '1 USD', budget: '5 USD/day' } as const;
  const ledger = { ...createMemoryLedger(null), reserve: () => Promise.reject(new Error('gone')) };
  const runner = createRunner(compilePolicy({ mode: 'enforce', routes: [route] }), {
    layers: [address, budget],
    state: createMemoryState({ monotonic: null }),
    ledger,
    wall: () => 1_790_000_000_000,
    nextId: () => 'id',
  });
  assert.equal((await runner.decide(viewOf(CALL))).code, 'unsure');
});

test('R68 the maximum may be the app’s to say, from the body that is forwarded', async () => {
  const doors = guarded({
    cost: {
      max: async (request) => {
        const body = await request.json();
        return typeof body === 'object' && body !== null && 'max_tokens' in body ? Number(body.max_tokens) / 1000 : 1;
      },
    },
    budget: { amount: '1 USD/day', share: 1, keep: 0 },
  });
  const page = doors.enter();
  const send = async (body: string) =>
    (await doors.decide(page.sign({ ...CALL, body, headers: { 'content-type': 'application/json' } }))).code;
  assert.equal(await send('{"max_tokens":400}'), '');
  assert.equal(await send('{"max_tokens":700}'), 'budget');
  assert.equal(await send('{"max_tokens":600}'), '');
  assert.equal(await send('{"max_tokens":1}'), 'budget');
  assert.equal(await send('{"max_tokens":0,"max_tokens":900}'), 'schema', 'two parsers would read two amounts');
  for (const amount of ['-1', '"many"', '1e999'])
    assert.equal(await send(`{"max_tokens":${amount}}`), 'unsure', `${amount} is no amount`);
});

test('R68 in report mode nothing is refused, and the record says what would have been', async () => {
  const doors = guarded({ budget: { amount: '0.10 USD/day', share: 1, keep: 0 } }, { layers: { budget: 'report' } });
  const page = doors.enter();
  assert.equal((await doors.decide(page.sign(CALL))).trail.length, 0);
  const over = await doors.decide(page.sign(CALL));
  assert.deepEqual([over.outcome, over.retryAfter], ['admit', 0]);
  assert.deepEqual(
    over.trail.map(({ layer, code, enforced }) => [layer, code, enforced]),
    [['budget', 'budget', false]],
  );
});

test('R68 all routes share the budget beside them, and each keeps its own', async () => {
  const doors = createTestDoors({
    budget: { amount: '1 USD/day', share: 1, keep: 0 },
    routes: [
      { match: 'POST /api/chat', cost: '0.10 USD', budget: { amount: '0.30 USD/day', share: 1, keep: 0 } },
      { match: 'POST /api/image', cost: '0.20 USD' },
    ],
  });
  const page = doors.enter();
  assert.equal(await passed(doors, page), 3);
  assert.equal(await passed(doors, page, { target: '/api/image' }), 3, '0.70 are left for calls of 0.20');
});
