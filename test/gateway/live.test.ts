import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { usable } from '../../src/gateway/follow.ts';
import { createLive, inForce, type Settings, stillSwitched, takenUp } from '../../src/gateway/live.ts';
import type { Restored } from '../../src/guard/restored.ts';
import { policyIdOf, termsOf, wordsOf } from '../../src/guard/terms.ts';
import { createLog } from '../../src/gateway/log.ts';

const FILE: Config = { to: 'http://localhost:3000', mode: 'enforce', rollout: '5%', layers: { site: 'report' } };

function gateOf(config: Config) {
  const gate = {
    config: { ...config, listen: '127.0.0.1:4321' },
    restored: new Map<string, Restored>(),
    reload(next: Config, restored?: ReadonlyMap<string, Restored>) {
      gate.config = { ...next, listen: '127.0.0.1:4321' };
      gate.restored = new Map(restored);
    },
  };
  return gate;
}

test('P3.3 what was switched goes before the file’s words, and the rest of the file stays', () => {
  const { mode, rollout, layers } = inForce(FILE, { rollout: '25%', layers: { proof: { mode: 'report' } } });
  assert.deepEqual(
    [mode, rollout, layers],
    ['enforce', '25%', { site: { mode: 'report' }, proof: { mode: 'report' } }],
  );
  assert.deepEqual(inForce({ to: 'http://localhost:3000' }, {}), { to: 'http://localhost:3000', mode: 'report' });
});

test('P3.5 a reload keeps what was switched, but where the file’s own words changed', () => {
  const settings: Settings = { mode: 'report', rollout: '25%', layers: { site: { mode: 'enforce' } } };
  const words = wordsOf(FILE);
  assert.deepEqual(stillSwitched(settings, words, words), { ...settings, undone: {} });
  const raised = wordsOf({ ...FILE, rollout: '50%' });
  assert.deepEqual(stillSwitched(settings, words, raised), {
    mode: 'report',
    layers: { site: { mode: 'enforce' } },
    undone: {},
  });
});

test('P3.5 a gate that starts finds itself switched back whatever its file says by now; other switches yield to the file', () => {
  const over = wordsOf({ mode: 'report' });
  const changed = wordsOf({ mode: 'enforce' });
  assert.equal(takenUp({ settings: { mode: 'report' }, over }, changed).mode, 'report');
  assert.equal(takenUp({ settings: { mode: 'enforce' }, over }, over).mode, 'enforce');
  assert.equal(takenUp({ settings: { mode: 'enforce' }, over: changed }, over).mode, undefined);
  assert.deepEqual(takenUp(null, over), {});
});

test('P3.4 a layer that was put back goes on as before until it is switched, or another configuration is loaded', () => {
  const gate = gateOf(FILE);
  const live = createLive({ gate, base: FILE, settings: {}, version: '1.0.0' });
  const seen: (string | undefined)[] = [];
  live.onApplied(({ before, after }) => seen.push(before.rollout, after.rollout));
  live.put({ rollout: '25%', undone: { proof: wordsOf(FILE) } });
  assert.deepEqual(seen, ['5%', '25%']);
  assert.equal(gate.restored.get('proof')?.config.rollout, '5%');
  assert.equal(
    gate.restored.get('proof')?.config.listen,
    '127.0.0.1:4321',
    'it answers for the names that the gate listens on',
  );
  live.rebase({ ...FILE, hosts: ['app.example'] });
  assert.deepEqual(live.restored(), ['proof'], 'a step stays undone, whatever else is asked by now');
  live.rebase({ ...FILE, rollout: '50%' });
  assert.deepEqual([live.restored(), gate.config.rollout], [[], '50%']);
});

test('P3.4 what was put back because of a policy or version holds under that one alone, in a gate that starts as well', () => {
  const before: Config = { protect: ['/v1/**'] };
  const of = policyIdOf(termsOf(FILE, '1.0.0'));
  const undone = { proof: { ...wordsOf(FILE), of, pages: before, spares: 5 } };
  const gate = gateOf(FILE);
  const live = createLive({ gate, base: FILE, settings: { undone }, version: '1.0.0' });
  const put = gate.restored.get('proof');
  assert.deepEqual([put?.config.protect, put?.config.rollout, put?.spares], [['/v1/**'], '5%', 5]);
  assert.equal(put?.config.to, undefined, 'nothing but what is asked of pages is of then');

  live.amend({ ...FILE, open: ['/api/hook'] });
  assert.deepEqual(live.restored(), ['proof'], 'with a route that was found and listed it is the same policy');
  live.rebase({ ...FILE, limit: '10/minute' });
  assert.deepEqual(live.restored(), [], 'of another than that it was put back in');

  const words = wordsOf(FILE);
  const made = { settings: { mode: 'enforce', undone }, over: words } as const;
  assert.deepEqual(takenUp(made, words, of).undone, undone);
  const upgraded = policyIdOf(termsOf(FILE, '1.0.1'));
  assert.deepEqual(takenUp(made, words, upgraded).undone, {});
  const other = gateOf(FILE);
  const beside = createLive({ gate: other, base: FILE, settings: {}, version: '1.0.1' });
  beside.put({ undone });
  assert.deepEqual([beside.restored(), other.restored.size, beside.settings().undone], [[], 0, undone]);
});

test('P3.5 a switch that does not go with the configuration of a gate keeps it from starting in no case', () => {
  const lines = new PassThrough();
  const log = createLog({ level: 'error', readable: false, destination: lines });
  const plain: Config = { to: 'http://localhost:3000', insecureHttp: true };
  assert.deepEqual(usable(plain, { mode: 'enforce' }, log), {});
  assert.match(String(lines.read()), /does not go with this configuration/);
  assert.deepEqual(usable(FILE, { mode: 'report' }, log), { mode: 'report' });
  assert.equal(lines.read(), null);
});

test('what cannot be taken leaves everything as it was', () => {
  const gate = gateOf(FILE);
  const failing = {
    config: gate.config,
    reload: () => {
      throw new Error('no');
    },
  };
  const live = createLive({ gate: failing, base: FILE, settings: {}, version: '1.0.0' });
  assert.throws(() => live.put({ mode: 'report' }));
  assert.deepEqual([live.settings(), live.base()], [{}, FILE]);
});
