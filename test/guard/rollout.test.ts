import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { BUCKETS, formatShare, parseShare } from '../../src/guard/rollout.ts';
import { SESSION_COOKIE } from '../../src/wire/constants.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';
import type { Sketch } from '../support/view.ts';

const UNSIGNED: Sketch = { method: 'GET', target: '/api/x', headers: { 'sec-fetch-site': 'same-origin' } };

/** What the page of a session sends when its signing is broken. */
const broken = ({ cookie }: Page): Sketch => ({ ...UNSIGNED, headers: { ...UNSIGNED.headers, cookie } });

/** Doors under one secret, at one share each: what several instances, or one over several steps, would do. */
const doorsAt = (secret: Buffer<ArrayBuffer>, ...shares: string[]): Doors[] =>
  shares.map((rollout) => createTestDoors({ rollout }, secret));

test('P3.3 every share that can be written is read as it was written', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: BUCKETS }), (share) => parseShare(formatShare(share)) === share));
  for (const text of ['101%', '100.01%', '5', '-1%', '5.001%', '%', '5%%', '1e1%'])
    assert.equal(parseShare(text), null);
});

test('P3.3 raising a share only adds: whoever was refused stays refused, at each step and in each instance', async () => {
  const secret = randomBytes(32);
  const steps = doorsAt(secret, '0%', '5%', '25%', '60%', '100%');
  const first = createTestDoors({}, secret);
  const refusedAt = steps.map(() => 0);
  for (let i = 0; i < 120; i++) {
    const page = first.enter();
    const outcomes = await Promise.all(steps.map(async (doors) => (await doors.decide(broken(page))).outcome));
    const raised = outcomes.map((outcome) => (outcome === 'refuse' ? 1 : 0));
    assert.deepEqual([...raised].sort(), raised, 'no step lets in whom an earlier one refused');
    for (const [at, refused] of raised.entries()) refusedAt[at] = (refusedAt[at] ?? 0) + refused;
  }
  assert.equal(refusedAt[0], 0);
  assert.equal(refusedAt[4], 120);
  assert.ok((refusedAt[3] ?? 0) > (refusedAt[1] ?? 0), `60% refused ${refusedAt[3]}, 5% ${refusedAt[1]}`);
});

test('P3.3 a session keeps its bucket over a restart under the same secret, and by whichever of its calls', async () => {
  const secret = randomBytes(32);
  const before = createTestDoors({ rollout: '50%' }, secret);
  const pages = Array.from({ length: 40 }, () => before.enter());
  const outcomes = async (doors: typeof before): Promise<string[]> =>
    Promise.all(pages.map(async (page) => (await doors.decide(broken(page))).outcome));
  const first = await outcomes(before);
  assert.ok(first.includes('admit') && first.includes('refuse'));
  assert.deepEqual(await outcomes(createTestDoors({ rollout: '50%' }, secret)), first);
  const others = await Promise.all(
    pages.map(async ({ cookie }) => {
      const signature = { 'signature-input': 'sallyport=("@method")', signature: 'sallyport=:AAAA:' };
      return (await before.decide({ ...UNSIGNED, headers: { ...UNSIGNED.headers, ...signature, cookie } })).outcome;
    }),
  );
  assert.deepEqual(others, first, 'a broken proof is judged by the same bucket as none');
});

test('P3.3 nobody without a session of ours chooses a bucket: made-up cookies and tickets are the network’s', async () => {
  const doors = createTestDoors({ rollout: '50%' });
  for (const peer of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', '192.0.2.6']) {
    const { outcome } = await doors.decide({ ...UNSIGNED, peer });
    for (let i = 0; i < 12; i++) {
      const made = randomBytes(40).toString('base64url');
      const cookie = `${SESSION_COOKIE}=${made}`;
      const input = `sallyport=("@method");created=1;nonce="1";keyid="${made}";tag="sallyport-1"`;
      const headers = { ...UNSIGNED.headers, cookie, 'signature-input': input, signature: 'sallyport=:AAAA:' };
      assert.equal((await doors.decide({ ...UNSIGNED, peer, headers })).outcome, outcome, peer);
    }
  }
});

test('P3.3 what the page signs passes whoever it is, and whom a roll-out has not reached is recorded', async () => {
  const doors = createTestDoors({ rollout: '50%' });
  let recorded = 0;
  for (let i = 0; i < 20; i++) {
    const page = doors.enter();
    assert.equal((await doors.decide(page.sign(UNSIGNED))).outcome, 'admit');
    const { outcome, trail } = await doors.decide(broken(page));
    assert.equal(trail[0]?.code, 'entry-required');
    if (outcome === 'admit') recorded++;
  }
  assert.ok(recorded > 0 && recorded < 20);
});

test('P3.3 one bucket for all layers: who is inside for one is inside for another of the same share', async () => {
  const doors = createTestDoors({ layers: { site: { rollout: '50%' }, proof: { rollout: '50%' } } });
  for (let i = 0; i < 30; i++) {
    const sketch = broken(doors.enter());
    const other = { ...sketch, headers: { ...sketch.headers, 'sec-fetch-site': 'cross-site' } };
    assert.equal((await doors.decide(sketch)).outcome, (await doors.decide(other)).outcome);
  }
});

test('P3.3 a route’s own share goes before the configuration’s, a layer’s own before the route’s', async () => {
  const outcome = async (config: Config, target = '/api/x'): Promise<string> => {
    const doors = createTestDoors(config);
    return (await doors.decide({ ...broken(doors.enter()), target })).outcome;
  };
  const routes = [{ match: 'GET /api/x', rollout: '0%' }, { match: 'GET /api/y' }];
  assert.equal(await outcome({ routes }), 'admit');
  assert.equal(await outcome({ routes }, '/api/y'), 'refuse');
  assert.equal(await outcome({ routes }, '//api/x'), 'refuse', 'other spellings do not get at a smaller share');
  assert.equal(await outcome({ routes, layers: { proof: { rollout: '100%' } } }), 'refuse');
  assert.equal(await outcome({ rollout: '0%', layers: { proof: 'enforce' } }), 'admit');
});

test('P3.3 who may call, and what it costs, is never a matter of shares', async () => {
  for (const name of ['subject', 'can', 'creator', 'authorization', 'budget', 'ban', 'key']) {
    assert.throws(
      () => parseConfig({ layers: { [name]: { rollout: '5%' } } }, 'file'),
      (error: unknown) =>
        error instanceof ConfigError &&
        error.problems[0]?.field === `layers.${name}.rollout` &&
        /no roll-out/.test(error.problems[0].rule),
    );
  }
  const doors = createTestDoors({ rollout: '0%', routes: [{ match: 'GET /api/x', user: true }] });
  const { outcome, code } = await doors.decide(broken(doors.enter()));
  assert.deepEqual([outcome, code], ['refuse', 'login-required']);
});

test('P3.3 an error names a share that is none', () => {
  assert.throws(() => parseConfig({ rollout: '5' }, 'file'), /rollout is "5"; write a share of sessions, as in "5%"/);
  assert.throws(() => parseConfig({ layers: { site: { rollout: '101%' } } }, 'file'), /layers\.site\.rollout/);
});

test('P3.3 _method in a query does not lead to the smaller share of another method', async () => {
  const routes = [{ match: 'POST /api/x', rollout: '0%' }, { match: 'DELETE /api/x' }];
  const doors = createTestDoors({ routes });
  const sketch = { ...broken(doors.enter()), method: 'POST' };
  assert.equal((await doors.decide({ ...sketch, target: '/api/x' })).outcome, 'admit');
  assert.equal((await doors.decide({ ...sketch, target: '/api/x?_method=DELETE' })).outcome, 'refuse');
});
