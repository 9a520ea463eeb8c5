import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { startGate } from '../../src/gateway/index.ts';
import { challengeBought } from '../../src/lab/attackers/challenge-bought.ts';
import type { LabOptions, RungReport } from '../../src/lab/index.ts';
import { PRICES } from '../../src/lab/prices.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { SECRET, SITE_KEY, startProvider } from '../challenges/providers/provider-server.ts';
import { startBackend } from './backend.ts';

test('a provider’s challenge is no wall to who buys solutions: they get in at the assumed price, and nobody else does', async (t) => {
  const [provider, backend] = await Promise.all([startProvider(), startBackend()]);
  const policy: Config = {
    routes: [{ match: 'GET /api/posts', challenge: { when: 'always', kind: 'turnstile' } }],
    challenge: { turnstile: { siteKey: SITE_KEY, secret: SECRET, verify: `${provider.origin}/turnstile` } },
  };
  const gate = await startGate({ to: backend.url, listen: '127.0.0.1:0', mode: 'enforce', ...policy });
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    await backend.close();
    await provider.close();
  });
  const url = `http://127.0.0.1:${gate.address.port}/api/posts`;
  const row = async (options: LabOptions): Promise<RungReport> => {
    const { rungs } = await runAttackers(url, { calls: 5, chromium: null, ...options }, [challengeBought]);
    return rungs[0] ?? assert.fail('no row');
  };
  assert.match((await row({})).why, /policy is not known/);
  assert.match((await row({ policy })).why, /`solve` in sallyport\.lab\.ts/);
  const pages: string[] = [];
  const bought = await row({
    policy,
    async solve({ kind, parameters, action, page }) {
      pages.push(page);
      assert.deepEqual([kind, parameters['siteKey'], action], ['turnstile', SITE_KEY, 'GET /api/posts']);
      const { action: asked, binding } = parameters;
      return provider.mint({ hostname: '127.0.0.1', action: String(asked), cdata: String(binding) });
    },
  });
  assert.deepEqual([bought.verdict, bought.admitted, bought.refused], ['slowed', 5, { challenge: 5 }], bought.why);
  assert.equal(bought.cost?.bill?.solutions, PRICES.solving);
  assert.deepEqual(new Set(pages), new Set([`http://127.0.0.1:${gate.address.port}/`]));
  const made = await row({ policy, solve: async () => 'made-up' });
  assert.deepEqual([made.verdict, made.admitted], ['stopped', 0], JSON.stringify(made.refused));
});
