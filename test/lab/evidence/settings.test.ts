import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../../src/guard/config.ts';
import { digestOf } from '../../../src/lab/evidence/digest.ts';
import { configOf, ownPolicy } from '../../../src/lab/evidence/settings.ts';

const OWN: Config = {
  to: 'http://127.0.0.1:3000',
  listen: '0.0.0.0:80',
  public: 'https://app.example',
  mode: 'report',
  records: 'sqlite:./people.sqlite',
  state: 'redis://127.0.0.1:6379',
  alerts: { webhook: 'https://hooks.example/' },
  protect: ['/data/**'],
  routes: [{ match: 'GET /data/:id', limit: '5/minute' }],
};

test('gates of the lab’s own touch no records, no state and no webhook of the app, and listen on loopback', () => {
  for (const setting of ['off', 'default', 'strict'] as const) {
    const config = configOf(setting, OWN);
    assert.equal(config.listen, '127.0.0.1:0', setting);
    assert.equal(config.records, 'memory', setting);
    for (const field of ['state', 'alerts', 'public'] as const)
      assert.equal(config[field], undefined, `${setting} ${field}`);
    assert.equal(config.to, OWN.to, setting);
    assert.deepEqual(config.protect, OWN.protect, setting);
  }
});

test('off and strict differ by their mode alone; on by default has no rule of the app', () => {
  const { mode: off, ...rest } = configOf('off', OWN);
  const { mode: strict, ...same } = configOf('strict', OWN);
  assert.deepEqual([off, strict], ['report', 'enforce']);
  assert.deepEqual(rest, same);
  assert.deepEqual(rest.routes, OWN.routes);
  const { mode, routes } = configOf('default', OWN);
  assert.deepEqual([mode, routes], ['enforce', undefined]);
});

test('P12.1 one configuration has one digest, whatever the order of its fields and its ports; another rule has another', () => {
  const policy = ownPolicy('x'.repeat(43));
  const digest = digestOf({ ...policy, to: 'http://127.0.0.1:1', listen: '127.0.0.1:1' });
  assert.match(digest, /^[0-9a-f]{64}$/);
  const turned = Object.fromEntries(Object.entries({ ...policy, to: 'http://127.0.0.1:2' }).reverse());
  assert.equal(digestOf(turned), digest);
  assert.notEqual(digestOf({ ...policy, routes: [] }), digest);
  const can = (text: string) => ({ routes: [{ match: 'GET /a', can: new Function(text) }] });
  assert.notEqual(digestOf(can('return true')), digestOf(can('return false')));
});
