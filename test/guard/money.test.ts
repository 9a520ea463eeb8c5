import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatMoney, parseAllowance, parseMoney, toMicro } from '../../src/guard/money.ts';

test('R68 amounts are whole millionths, and are read as they are printed', () => {
  assert.deepEqual(parseMoney('0.01 USD'), { amount: 10_000, currency: 'USD' });
  assert.deepEqual(parseMoney('5 EUR'), { amount: 5_000_000, currency: 'EUR' });
  assert.deepEqual(parseAllowance('0.5 USD/day'), { amount: 500_000, currency: 'USD', span: 'day' });
  assert.equal(formatMoney({ amount: 1_500_000, currency: 'USD' }), '1.50 USD');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 15 }), (amount) => {
      assert.deepEqual(parseMoney(formatMoney({ amount, currency: 'USD' })), { amount, currency: 'USD' });
    }),
  );
});

for (const text of [
  '',
  '0 USD',
  '5',
  'USD',
  '5 usd',
  '5USD',
  '-1 USD',
  '1e3 USD',
  '0.0000001 USD',
  '1,5 USD',
  '99999999999 USD',
])
  test(`"${text}" is no amount`, () => assert.equal(parseMoney(text), null));

for (const text of ['5 USD', '5 USD/', '5 USD/year', '5/day', '0 USD/day', '5 USD/toString'])
  test(`"${text}" is no allowance`, () => assert.equal(parseAllowance(text), null));

test('R68 what code counts in units is rounded up to a millionth, and never by a binary fraction’s last place', () => {
  assert.equal(toMicro(0.07), 70_000);
  assert.equal(toMicro(0.1 + 0.2), 300_000);
  assert.equal(toMicro(0.0000011), 2);
  assert.equal(toMicro(0), 0);
  for (const units of [-0.01, Number.NaN, Number.POSITIVE_INFINITY, 1e10, '1', null, undefined])
    assert.equal(toMicro(units), null, String(units));
});
