import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { PRICES } from '../../src/lab/prices.ts';
import { figuresOf } from '../../src/lab/rules/figures.ts';
import { measureRules, type PerThousand, type RulesReport } from '../../src/lab/rules/measure.ts';
import { ruleSets } from '../../src/lab/rules/rule-sets.ts';
import { duration, rulesTable } from '../../src/lab/rules/table.ts';

const OWN: Config = {
  limit: [{ rate: '300/hour', per: 'prefix' }],
  budget: { amount: '9 EUR/week' },
  routes: [
    { match: 'GET /api/a', limit: ['20/minute', { rate: '7/second', per: 'route' }] },
    { match: 'POST /api/b', cost: { max: '0.5 EUR' }, after: 'GET /api/a', notBefore: 4 },
  ],
};

test('the rules that are measured have the gate’s own figures, and examples where it has none', () => {
  const values = (policy: Config) =>
    Object.values(figuresOf(policy)).map(({ value, own }) => `${value.amount ?? value}${own ? '*' : ''}`);
  assert.deepEqual(values(OWN), ['20/minute*', '300/hour*', '4*', '0.5 EUR*', '9 EUR/week*']);
  assert.deepEqual(values({}), ['60/minute', '1000/hour', '2', '0.01 USD', '1 USD/day']);
  const byFunction: Config = { budget: '9 EUR/week', routes: [{ match: '/api/b', cost: { max: () => 1 } }] };
  assert.deepEqual(values(byFunction).slice(3), ['0.01 USD', '1 USD/day'], 'never two currencies');
});

test('each rule is measured alone, then with the others: configurations that a gate takes', () => {
  for (const policy of [{}, OWN]) {
    const sets = ruleSets(figuresOf(policy));
    assert.deepEqual(
      sets.map(({ name }) => name),
      ['doors', 'limit', 'prefix', 'served', 'order', 'challenge', 'budget', 'free', 'all'],
    );
    for (const { config } of sets) parseConfig(config, 'lab');
    const ruled = sets.map(({ config }) => Object.keys(config.routes?.at(-1) ?? {}).length - 1);
    assert.deepEqual(ruled, [0, 1, 1, 1, 3, 1, 1, 6, 7]);
  }
});

let measured: Promise<RulesReport> | null = null;
const measure = (): Promise<RulesReport> => {
  measured ??= measureRules({ policy: {}, prices: PRICES, calls: 80, seconds: 60 });
  return measured;
};

async function row(name: string): Promise<PerThousand> {
  const { rows } = await measure();
  const found = rows.find((one) => one.name === name);
  return found?.per1000 ?? assert.fail(`${name}: ${found?.why ?? 'no such row'}`);
}

test('P1.6 the doors alone cost a session and a call for each call', async () => {
  const { requests, sessions, addresses, cpuSeconds } = await row('doors');
  // The page, the entry and 80 calls.
  assert.equal(Math.round((requests * 80) / 1000), 82);
  assert.equal((sessions * 80) / 1000, 1);
  assert.equal(addresses, 1);
  assert.ok(cpuSeconds > 0);
});

test('P1.6 each rule adds what it is made of: sessions, lists, steps, or time', async () => {
  const doors = await row('doors');
  const limit = await row('limit');
  assert.equal((limit.sessions * 80) / 1000, 2, '60 a minute: the 61st call needs another session');
  const prefix = await row('prefix');
  assert.ok(prefix.seconds > 3400 && prefix.seconds < 3900, `a thousand an hour, whoever asks: ${prefix.seconds}`);
  const served = await row('served');
  assert.ok(served.requests > doors.requests, 'lists are asked for');
  const order = await row('order');
  assert.ok(order.requests >= 2000, 'a step before each call');
  const challenge = await row('challenge');
  assert.ok(challenge.cpuSeconds > doors.cpuSeconds && challenge.requests >= 2000, 'each call is asked for, then made');
  // Twenty sessions side by side wait two seconds together.
  assert.ok(order.seconds >= 100, String(order.seconds));
});

test('P2.1 with a budget no number of addresses has a thousand calls; together the rules cost at least what each does', async () => {
  const budget = await row('budget');
  assert.equal(budget.addresses, null);
  // 100 calls a day for everybody, and a tenth of what is left for one address.
  assert.ok(budget.seconds > 10 * 86_400, String(budget.seconds));
  const free = await row('free');
  assert.ok(free.seconds > 3400 && free.requests >= 2000);
  const all = await row('all');
  assert.ok(all.seconds > 10 * 86_400 && all.addresses === null);
});

test('the table has a line for each, the date of its prices, and at most 100 columns', async () => {
  const report = await measure();
  const lines = rulesTable(report);
  for (const line of lines) assert.ok([...line].length <= 100, line);
  for (const { title } of report.rows)
    assert.ok(
      lines.some((line) => line.startsWith(title)),
      title,
    );
  assert.match(lines.join(' '), /assumed prices of 20\d\d-\d\d/);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

test('times are said in the largest unit of which there is more than one', () => {
  const said = [0.4, 12, 89, 100, 5400, 5500, 86_400, 200_000].map(duration);
  assert.deepEqual(said, ['0.4 s', '12 s', '89 s', '1.7 min', '90 min', '1.5 h', '24 h', '2.3 d']);
});
