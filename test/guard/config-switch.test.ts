import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePast, parseSwitch } from '../../src/guard/config-schema-switch.ts';
import { type Past, termsOf } from '../../src/guard/terms.ts';

const words = { mode: 'enforce', rollout: '5%', layers: { site: { mode: 'report' } } } as const;
const made = { counter: 3, at: 1_790_000_000_000, by: 'admin on here', over: words };

test('P3.4 a switch says what it said when it has travelled: modes, shares, and layers that were put back', () => {
  const pages = { hosts: ['app.example'], routes: [{ match: 'GET /api/posts', level: 'session' as const }] };
  const undone = {
    proof: { ...words, of: 'a policy', pages },
    drift: { ...words, of: 'a policy', spares: 5 },
    site: words,
  };
  const sent = { ...made, settings: { mode: 'enforce' as const, undone } };
  assert.deepEqual(parseSwitch(JSON.stringify(sent)), sent);
});

test('a layer that was put back to what this version cannot read goes on by the policy in force, and the rest of the switch holds', () => {
  const undone = { proof: { ...words, of: 'a policy', pages: { hosts: 5 } }, site: words };
  const read = parseSwitch(JSON.stringify({ ...made, settings: { mode: 'report', undone } }));
  assert.deepEqual(read?.settings, { mode: 'report', undone: { site: words } });
});

test('what is no switch, and no account of what was in force, is none', () => {
  for (const text of ['', '5', '{}', JSON.stringify({ ...made, settings: {}, more: 1 })]) {
    assert.equal(parseSwitch(text), null, text);
    assert.equal(parsePast(text), null, text);
  }
});

test('P3.4 an account of what was in force is the same when it has been written down', () => {
  const terms = termsOf({ to: 'http://localhost:3000', mode: 'enforce', protect: ['/v1/**'] }, '1.0.0');
  const past: Past = {
    ...{ latest: terms, mark: 7, earlier: [{ id: 'one', until: 6 }] },
    changes: [{ at: 5, before: terms, after: 'two', settled: ['proof'] }],
  };
  assert.deepEqual(parsePast(JSON.stringify(past)), past);
});
