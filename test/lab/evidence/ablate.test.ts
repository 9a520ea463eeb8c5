import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGate } from '../../../src/gateway/index.ts';
import { ablate, further, passed } from '../../../src/lab/evidence/ablate.ts';
import { startApp } from '../../../src/lab/evidence/app.ts';
import type { Gates } from '../../../src/lab/evidence/gates.ts';
import { configOf, OWN_PATH } from '../../../src/lab/evidence/settings.ts';
import { ATTACKERS } from '../../../src/lab/index.ts';
import type { LabReport } from '../../../src/lab/outcome.ts';
import { sampleReport } from './sample.ts';

test('R16 a layer’s worth: who gets further without it, and whom it holds alone, at real gates', async (t) => {
  const app = await startApp();
  let running: Awaited<ReturnType<typeof startGate>> | null = null;
  const end = async () => {
    await running?.close({ graceMs: 0 });
    running = null;
  };
  t.after(async () => {
    await end();
    await app.close();
  });
  const gates: Gates = {
    async open({ setting, layers = {} }) {
      await end();
      // Sites and sessions are left to report throughout, so that proofs alone stand against a plain client.
      const config = { ...configOf(setting, { to: app.url }), layers: { site: 'report', ...layers } as const };
      running = await startGate(config);
      const url = `http://127.0.0.1:${running.address.port}${OWN_PATH}`;
      return { url, config, digest: '', given: {}, layers: ['proof', 'replay'] };
    },
  };
  const attackers = ATTACKERS.filter(({ name }) => ['plain', 'replay', 'doors'].includes(name));
  const seen: string[] = [];
  const report = await ablate(gates, {
    attackers,
    calls: 4,
    options: () => ({ chromium: null }),
    onGate: (name) => seen.push(name),
  });
  assert.deepEqual(seen, ['none', 'all', 'proof', 'proof', 'replay', 'replay']);
  assert.deepEqual(report.attackers, ['plain', 'replay', 'doors']);
  const [proof, replay] = report.rows;
  assert.ok(proof?.offLetsIn.includes('plain'), JSON.stringify(proof));
  assert.ok(proof?.aloneHolds.includes('plain'), JSON.stringify(proof));
  assert.ok(
    proof !== undefined && proof.passed.off > proof.passed.strict && proof.passed.alone < proof.passed.none,
    JSON.stringify(proof),
  );
  assert.deepEqual(replay?.offLetsIn, ['replay']);
  assert.ok((replay.cpu.strict ?? 0) > 0 && (replay.cpu.off ?? 0) > 0, 'whoever walks the doors has a price');
});

test('who gets less is named, and what did not run says nothing', () => {
  const less = sampleReport({ plain: 'stopped', doors: 'slowed', order: 'gets in' }, 1);
  const more = sampleReport({ plain: 'gets in', doors: 'gets in', order: 'gets in', replay: 'gets in' }, 1);
  assert.deepEqual(further(less, more), ['plain', 'doors']);
  assert.deepEqual(further(more, less), []);
});

test('a layer’s worth in figures: each attacker counts once, and one that did not run at each of the three gates not at all', () => {
  const report = (parts: Readonly<Record<string, readonly [number, number]>>): LabReport => {
    const base = sampleReport({}, 1);
    const rungs = base.rungs.flatMap((rung) => {
      const [admitted, tried] = parts[rung.name] ?? [];
      return admitted === undefined || tried === undefined ? [] : [{ ...rung, admitted, tried }];
    });
    return { ...base, rungs };
  };
  const strict = report({ plain: [0, 100], doors: [4, 4], replay: [0, 10] });
  const off = report({ plain: [50, 100], doors: [4, 4], replay: [10, 10] });
  const alone = report({ plain: [0, 100], doors: [4, 4], replay: [0, 0] });
  const none = report({ plain: [100, 100], doors: [4, 4], replay: [10, 10] });
  assert.deepEqual(passed({ strict, off, alone, none }), { strict: 0.5, off: 0.75, alone: 0.5, none: 1 });
  assert.deepEqual(passed({ strict: report({}), off, alone, none }), { strict: 0, off: 0, alone: 0, none: 0 });
});
