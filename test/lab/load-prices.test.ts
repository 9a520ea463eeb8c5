import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPrices } from '../../src/lab/load-prices.ts';
import { PRICES } from '../../src/lab/prices.ts';

const MINE = { ...PRICES, asOf: '2027-01', currency: 'EUR', coreHour: 0.1, addressHour: 0 };

test('prices of one’s own are taken whole, with their date; without a file the assumptions hold', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-prices-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'prices.json');
  const load = (value: unknown) => {
    writeFileSync(file, JSON.stringify(value));
    return loadPrices(file);
  };
  assert.deepEqual(await load(MINE), MINE);
  assert.deepEqual(await loadPrices(null), PRICES);
  for (const [value, rule] of [
    [{ ...MINE, asOf: 'today' }, /asOf is a month/],
    [{ ...MINE, currency: 'euros' }, /currency is three letters/],
    [{ ...MINE, coreHour: -1 }, /coreHour is a number, 0 or more/],
    [{ ...MINE, personSeconds: undefined }, /personSeconds is a number, 0 or more/],
    [{ ...MINE, coreHours: 1 }, /"coreHours" is none of/],
    [[MINE], /not a JSON object/],
  ] as const)
    await assert.rejects(load(value), { name: 'LabError', message: rule });
  await assert.rejects(loadPrices(join(folder, 'none.json')), /cannot be read/);
});
