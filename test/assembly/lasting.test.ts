import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseLasting } from '../../src/assembly/lasting.ts';
import type { Config } from '../../src/guard/config.ts';
import { ConfigError, createGuard } from '../../src/index.ts';

const FIRST: Config = {
  mode: 'enforce',
  hosts: ['app.example'],
  addresses: { lists: [{ file: '/lists/first.txt' }] },
  challenge: { turnstile: { siteKey: 'site', secret: 'secret' } },
  state: 'redis://state.example',
};

/** Each names a part that is put together once. */
const CHANGED: readonly { readonly field: string; readonly next: Partial<Config> }[] = [
  { field: 'login', next: { login: { identify: () => null } } },
  { field: 'bots', next: { bots: { agents: ['https://bot.example'] } } },
  { field: 'addresses.lists', next: { addresses: { lists: [{ file: '/lists/other.txt' }] } } },
  { field: 'challenge', next: { challenge: { turnstile: { siteKey: 'site', secret: 'another' } } } },
  { field: 'state', next: { state: 'memory' } },
  { field: 'behaviour', next: { behaviour: { note: '1 in 100' } } },
  { field: 'keys', next: { routes: [{ match: 'GET /api/reports', keys: ['reports'] }] } },
  { field: 'bans', next: { bans: { after: 3, within: 60 } } },
];

for (const { field, next } of CHANGED) {
  test(`a reload that changes ${field} is refused by name`, () => {
    assert.throws(() => refuseLasting({ ...FIRST, ...next }, FIRST, false), named([field]));
  });
}

test('a reload that changes several of them hears of all at once', () => {
  const next: Config = Object.assign({}, FIRST, ...CHANGED.map(({ next: changed }) => changed));
  assert.throws(() => refuseLasting(next, FIRST, false), named(CHANGED.map(({ field }) => field)));
});

test('what is compiled anew may change, and so may what is equal without being the same', () => {
  const next = { ...structuredClone(FIRST), mode: 'report', open: ['/api/public'] } satisfies Config;
  assert.doesNotThrow(() => refuseLasting(next, FIRST, false));
});

test('bans and keys may be changed where there were some at the start', () => {
  const keyed: Config = { ...FIRST, routes: [{ match: 'GET /api/reports', keys: ['reports'] }] };
  const more: Config = { ...FIRST, routes: [{ match: 'GET /api/other', keys: ['other'] }], bans: { after: 9 } };
  assert.doesNotThrow(() => refuseLasting(more, keyed, true));
});

test('a guard that refused a reload goes on as before', async (t) => {
  const config: Config = { hosts: ['app.example'], mode: 'enforce' };
  const guard = await createGuard(config);
  t.after(() => guard.close());
  const before = guard.policy;
  assert.throws(() => guard.reload({ ...config, mode: 'report', state: 'redis://state.example' }), named(['state']));
  assert.equal(guard.policy, before);
  guard.reload({ ...config, open: ['/api/public'] });
  assert.notEqual(guard.policy, before);
});

const named =
  (fields: readonly string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      fields,
    );
    return true;
  };
