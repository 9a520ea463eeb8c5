import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { startGate } from '../../src/gateway/index.ts';
import { forgedForm } from '../../src/lab/attackers/forged-form.ts';
import { formRoute } from '../../src/lab/form-route.ts';
import { otherObject } from '../../src/lab/attackers/other-object.ts';
import type { LabOptions } from '../../src/lab/options.ts';
import type { Attacker } from '../../src/lab/lab.ts';
import type { RungReport } from '../../src/lab/outcome.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { startBackend } from './backend.ts';

async function attack(
  attacker: Attacker,
  config: Config,
  options: LabOptions,
  path = '/api/posts',
): Promise<RungReport> {
  const backend = await startBackend();
  const gate = await startGate({ ...config, to: backend.url, listen: '127.0.0.1:0', mode: 'enforce' });
  try {
    const url = `http://127.0.0.1:${gate.address.port}${path}`;
    const { rungs } = await runAttackers(url, { seconds: 30, chromium: null, ...options }, [attacker]);
    return rungs[0] ?? assert.fail();
  } finally {
    await gate.close({ graceMs: 100 });
    await backend.close();
  }
}

const login: Config['login'] = {
  identify: ({ header }) => (header('authorization') === '' ? null : { id: header('authorization').slice(7) }),
};
const routed = (more: Partial<RouteConfig>): Config => ({ login, routes: [{ match: 'GET /api/posts', ...more }] });
const people = { token: 'ann', otherToken: 'ben' };

test('R64 another user’s object: stopped where the route asks whose it is', async () => {
  const rung = await attack(otherObject, routed({ can: ({ id }) => id === 'ann' }), people);
  assert.deepEqual([rung.verdict, rung.tried, rung.honest], ['stopped', 3, 1], JSON.stringify(rung));
  assert.deepEqual(rung.refused, { forbidden: 3 });
});

test('where a route asks for anybody who is logged in, the lab says that others get in', async () => {
  const rung = await attack(otherObject, routed({ user: true }), people);
  assert.deepEqual([rung.verdict, rung.admitted], ['gets in', 3], JSON.stringify(rung));
});

test('with one person, with one whom nobody knows, or where the owner is refused, nothing was learned', async () => {
  const one = await attack(otherObject, routed({ user: true }), { token: 'ann' });
  assert.deepEqual([one.verdict, /no object .* is known/.test(one.why)], ['not run', true]);
  const nobody = await attack(otherObject, routed({ can: () => false }), people);
  assert.deepEqual([nobody.verdict, /the owner is not let in either/.test(nobody.why)], ['not run', true], nobody.why);
});

const FORM: RouteConfig = {
  match: 'POST /api/posts',
  level: 'site',
  carriers: ['form'],
  contentTypes: ['application/x-www-form-urlencoded'],
};

test('R30 forms without their token are stopped, and the honest one passes', async () => {
  const rung = await attack(forgedForm, { antiForgery: {}, routes: [FORM] }, { method: 'POST' });
  assert.deepEqual([rung.verdict, rung.tried, rung.honest], ['stopped', 5, 1], JSON.stringify(rung));
  assert.deepEqual(rung.refused, { 'anti-forgery': 5 });
});

test('R30 a run that reads forges the form that policy names', async () => {
  const form = formRoute({ antiForgery: {}, routes: [{ match: 'GET /api/posts' }, FORM] });
  assert.deepEqual(form, { method: 'POST', path: '/api/posts' });
  const rung = await attack(
    forgedForm,
    { antiForgery: {}, routes: [{ match: 'GET /api/posts' }, FORM] },
    { form: form ?? assert.fail() },
  );
  assert.deepEqual([rung.verdict, rung.tried, rung.honest], ['stopped', 5, 1], JSON.stringify(rung));
  assert.ok(rung.notes.includes('the form at POST /api/posts'), rung.notes.join());
  assert.equal(formRoute({ routes: [FORM] }), null, 'no tokens');
  assert.equal(formRoute({ antiForgery: {}, routes: [{ ...FORM, antiForgery: 'off' }] }), null, 'not asked for');
  const deep: RouteConfig = { ...FORM, match: 'POST /posts/:id/reports/**' };
  assert.equal(formRoute({ antiForgery: {}, routes: [deep] })?.path, '/posts/lab/reports/lab', 'of no object');
});

test('where the form asks for none, the lab says that forged ones get in', async () => {
  const config: Config = { antiForgery: {}, routes: [{ ...FORM, antiForgery: 'off' }] };
  assert.equal((await attack(forgedForm, config, { method: 'POST' })).verdict, 'gets in');
});

test('without tokens, or by GET, nothing was learned', async () => {
  const none = await attack(forgedForm, { routes: [FORM] }, { method: 'POST' });
  assert.match(none.why, /no route here asks for form tokens/);
  const read = await attack(forgedForm, { antiForgery: {}, routes: [FORM] }, {});
  assert.match(read.why, /no route is known that takes a form/);
});
