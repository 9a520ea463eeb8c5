import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { PRICES } from '../../src/lab/prices.ts';
import { figuresOf } from '../../src/lab/rules/figures.ts';
import { measureRules, type PerThousand, type RuleRow, type RulesReport } from '../../src/lab/rules/measure.ts';
import { ruleSets } from '../../src/lab/rules/rule-sets.ts';
import { duration, rulesTable } from '../../src/lab/rules/table.ts';

const OWN: Config = {
  limit: [{ rate: '300/hour', per: 'prefix' }],
  budget: { amount: '9 EUR/week' },
  behaviour: { limit: '1 in 500', throttle: '20/minute', refuse: '1 in 5000' },
  routes: [
    { match: 'GET /api/a', limit: ['20/minute', { rate: '7/second', per: 'route' }] },
    { match: 'POST /api/b', cost: { max: '0.5 EUR' }, after: 'GET /api/a', notBefore: 4 },
  ],
};

test('the rules that are measured have the gate’s own figures, and examples where it has none', () => {
  const values = (policy: Config) =>
    Object.values(figuresOf(policy)).map(({ value, own }) => `${value.amount ?? value.odds ?? value}${own ? '*' : ''}`);
  const own = ['20/minute*', '300/hour*', '4*', '0.5 EUR*', '9 EUR/week*', '1 in 500*', '1 in 5000*'];
  assert.deepEqual(values(OWN), own);
  assert.equal(figuresOf(OWN).throttled.value.rate, '20/minute');
  const examples = ['60/minute', '1000/hour', '2', '0.01 USD', '1 USD/day', '1 in 1000', '1 in 1000'];
  assert.deepEqual(values({}), examples);
  const rare: Config = { behaviour: { refuse: '1 in 500000', sessions: 50_000 } };
  assert.equal(figuresOf(rare).unusual.own, false, 'rarer than the lab’s models can tell');
  const byFunction: Config = { budget: '9 EUR/week', routes: [{ match: '/api/b', cost: { max: () => 1 } }] };
  assert.deepEqual(values(byFunction).slice(3, 5), ['0.01 USD', '1 USD/day'], 'never two currencies');
});

test('each rule is measured alone, then with the others: configurations that a gate takes', () => {
  for (const policy of [{}, OWN]) {
    const sets = ruleSets(figuresOf(policy));
    assert.deepEqual(
      sets.map(({ name }) => name),
      [
        ...['doors', 'limit', 'prefix', 'served', 'order', 'challenge', 'budget'],
        ...['throttled', 'unusual', 'paced', 'free', 'all'],
      ],
    );
    for (const { config, behaviour } of sets)
      parseConfig({ ...config, ...(behaviour === null ? {} : { behaviour }) }, 'lab');
    const judging = sets.filter(({ behaviour }) => behaviour !== null).map(({ name }) => name);
    assert.deepEqual(judging, ['throttled', 'unusual', 'paced', 'free', 'all']);
    const ruled = sets.map(({ config }) => Object.keys(config.routes?.at(-1) ?? {}).length - 1);
    assert.deepEqual(ruled, [0, 1, 1, 1, 3, 1, 1, 0, 0, 0, 6, 7]);
  }
});

let measured: Promise<RulesReport> | null = null;
const measure = (): Promise<RulesReport> => {
  measured ??= measureRules({ policy: {}, prices: PRICES, calls: 80, seconds: 60 });
  return measured;
};

async function whole(name: string): Promise<RuleRow> {
  const { rows } = await measure();
  return rows.find((one) => one.name === name) ?? assert.fail(`${name}: no such row`);
}

async function row(name: string): Promise<PerThousand> {
  const { per1000, why } = await whole(name);
  return per1000 ?? assert.fail(`${name}: ${why}`);
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

test('P12.2 who uses the shop as nobody does is refused sooner than a rate limit says anything, and pays a page for each few calls', async () => {
  const [doors, limit, unusual] = [await whole('doors'), await whole('limit'), await whole('unusual')];
  assert.equal(doors.noticed, null);
  assert.equal(limit.noticed?.calls, 60);
  assert.ok((unusual.noticed?.calls ?? 80) < 60, JSON.stringify(unusual.noticed));
  assert.ok((await row('unusual')).requests > (await row('doors')).requests * 1.05, 'pages, entries, refused calls');
});

test('P12.2 a program that no rate limit tells from people is found as well', async () => {
  const { noticed } = await whole('paced');
  assert.ok((noticed?.calls ?? 80) < 60, JSON.stringify(noticed));
  assert.ok((await row('paced')).seconds >= 2000, 'it waits two seconds before each call');
});

test('P6.5 people at the same gates, each at their own pace, are not held up', async () => {
  for (const name of ['limit', 'throttled', 'unusual']) {
    const { people } = await whole(name);
    assert.deepEqual([people?.sessions, people?.held], [20, 0], name);
    assert.ok((people?.calls ?? 0) > 100, name);
  }
  const { rows } = await measure();
  assert.equal(rows.filter(({ people }) => people !== null).length, 3);
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
  assert.match(lines.join(' '), /first held up by .*limit 60\/minute by session: after 60 calls, \d/);
  assert.match(lines.join(' '), /People who were held up .* unusual, 1 in 1000: refused: 0 of 20\./);
  assert.match(lines.join(' '), /assumed prices of 20\d\d-\d\d/);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

test('times are said in the largest unit of which there is more than one', () => {
  const said = [0.4, 12, 89, 100, 5400, 5500, 86_400, 200_000].map(duration);
  assert.deepEqual(said, ['0.4 s', '12 s', '89 s', '1.7 min', '90 min', '1.5 h', '24 h', '2.3 d']);
});
