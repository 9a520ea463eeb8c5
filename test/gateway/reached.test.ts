import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reached } from '../../src/gateway/reached.ts';
import type { Config } from '../../src/guard/config.ts';
import { termsOf } from '../../src/guard/terms.ts';

const ENFORCE: Config = { to: 'http://localhost:3000', mode: 'enforce' };
const REPORT: Config = { ...ENFORCE, mode: 'report' };
const all = { layer: '', from: 0, to: 10_000 };

const ROWS: readonly {
  readonly name: string;
  readonly before: Config;
  readonly after: Config;
  readonly reach: object[];
}[] = [
  { name: 'nothing changed', before: ENFORCE, after: { ...ENFORCE }, reach: [] },
  { name: 'switched on', before: REPORT, after: ENFORCE, reach: [all] },
  { name: 'switched back', before: ENFORCE, after: REPORT, reach: [] },
  {
    name: 'a step',
    before: { ...ENFORCE, rollout: '5%' },
    after: { ...ENFORCE, rollout: '25%' },
    reach: [{ layer: '', from: 500, to: 2500 }],
  },
  { name: 'a step back', before: { ...ENFORCE, rollout: '25%' }, after: { ...ENFORCE, rollout: '5%' }, reach: [] },
  {
    name: 'a layer switched on',
    before: { ...ENFORCE, layers: { site: 'report' } },
    after: ENFORCE,
    reach: [{ layer: 'site', from: 0, to: 10_000 }],
  },
  {
    name: 'a step from which one layer is excepted',
    before: { ...ENFORCE, rollout: '5%', layers: { site: { rollout: '1%' } } },
    after: { ...ENFORCE, rollout: '25%', layers: { site: { rollout: '1%' } } },
    reach: [{ layer: '', from: 500, to: 2500 }],
  },
  { name: 'another policy', before: ENFORCE, after: { ...ENFORCE, hosts: ['app.example'] }, reach: [all] },
  {
    name: 'nothing that is asked of pages',
    before: ENFORCE,
    after: { ...ENFORCE, limit: '10/minute', to: 'http://localhost:3001', guardRail: false },
    reach: [],
  },
];

for (const { name, before, after, reach } of ROWS) {
  test(`P3.4 whom a change reaches: ${name}`, () => {
    assert.deepEqual(reached(termsOf(before, '1.0.0'), termsOf(after, '1.0.0')), reach);
  });
}

test('P3.4 whom a change reaches: a new version of Sallyport', () => {
  assert.deepEqual(reached(termsOf(ENFORCE, '1.0.0'), termsOf(ENFORCE, '1.1.0')), [all]);
});
