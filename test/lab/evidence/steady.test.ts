import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkGates } from '../../../src/cli/evidence-gates.ts';
import { compare, comparisonText } from '../../../src/lab/evidence/compare.ts';
import type { Evidence } from '../../../src/lab/evidence/evidence.ts';
import { gather } from '../../../src/lab/evidence/gather.ts';
import { OWN_PATH } from '../../../src/lab/evidence/settings.ts';
import { ATTACKERS } from '../../../src/lab/index.ts';
import { PRICES } from '../../../src/lab/prices.ts';

/** Each kind of figure: nothing admitted, all admitted, some. None needs a browser, and none takes time. */
const NAMES = ['plain', 'replay', 'altered', 'doors', 'other-object', 'leaked-key'];

test('P12.3 two real runs on one build: no verdict and no count differs, and CPU that does says why or fails the comparison', async (t) => {
  const gates = forkGates(null, OWN_PATH);
  t.after(() => gates.close());
  const run = (): Promise<Evidence> =>
    gather(gates, {
      ...{
        app: 'an app of the lab’s own',
        path: OWN_PATH,
        version: '0',
        command: 'sallyport evidence',
        prices: PRICES,
      },
      ...{ calls: 60, seconds: 60, layerCalls: 0, rules: false, delays: false },
      attackers: ATTACKERS.filter(({ name }) => NAMES.includes(name)),
      lab: () => ({ chromium: null }),
    });
  const [first, second] = [await run(), await run()];
  const { compared, differences } = compare(first, second);
  t.diagnostic(comparisonText(compare(first, second)));
  assert.deepEqual(
    differences.filter(({ what }) => !what.endsWith(': CPU')),
    [],
    'the same gates, the same attackers, the same answers',
  );
  // Three verdicts for each, and the CPU of whoever gets in.
  assert.ok(compared > 3 * NAMES.length, String(compared));
  for (const { attackers } of [first, second]) {
    assert.equal(attackers.length, NAMES.length);
    const { tried, admitted, stretches, bill, detected } =
      attackers.find(({ name }) => name === 'doors')?.got.default ?? assert.fail();
    assert.deepEqual(
      { tried, admitted, stretches, detected },
      { tried: 60, admitted: 60, stretches: 6, detected: null },
    );
    assert.ok((bill?.total ?? 0) > 0);
    const plain = attackers.find(({ name }) => name === 'plain')?.got.strict;
    assert.deepEqual([plain?.admitted, plain?.detected?.at, plain?.bill], [0, 1, null]);
  }
});
