import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { recordsOf } from '../../src/guard/records-url.ts';

const CHAT = { match: 'POST /api/chat', cost: '0.01 USD' } as const;

const WRONG: readonly {
  readonly name: string;
  readonly config: Config;
  readonly field: string;
  readonly rule: RegExp;
}[] = [
  {
    name: 'an amount without a currency',
    config: { routes: [{ match: '/api/a', cost: '0.01' }] },
    field: 'routes[0].cost',
    rule: /as in 0\.01 USD/,
  },
  {
    name: 'an allowance without a span',
    config: { budget: '5 USD', routes: [CHAT] },
    field: 'budget',
    rule: /as in 5 USD\/day/,
  },
  {
    name: 'a cost that no budget bounds',
    config: { routes: [CHAT] },
    field: 'routes[0].cost',
    rule: /no budget bounds/,
  },
  {
    name: 'a cost that only single sessions are held to',
    config: { routes: [{ ...CHAT, budget: { amount: '1 USD/day', per: 'session' } }] },
    field: 'routes[0].cost',
    rule: /what all calls cost together/,
  },
  {
    name: 'a budget of what costs nothing',
    config: { budget: '5 USD/day', routes: [{ match: 'POST /api/chat' }] },
    field: 'budget',
    rule: /nothing here costs anything/,
  },
  {
    name: 'a budget in a route without a cost',
    config: { routes: [{ match: 'POST /api/chat', budget: '5 USD/day' }] },
    field: 'routes[0].budget',
    rule: /write cost as well/,
  },
  {
    name: 'two currencies',
    config: { budget: '5 EUR/day', routes: [CHAT] },
    field: 'routes[0].cost',
    rule: /one currency; write EUR/,
  },
  {
    name: 'a call that never fits',
    config: { budget: '0.012 USD/day', routes: [CHAT] },
    field: 'routes[0].cost',
    rule: /no call fits into 0\.012 USD\/day per total, which leaves 0\.0096 USD to a newcomer/,
  },
  {
    name: 'a share of what one session has for itself',
    config: {
      routes: [{ ...CHAT, budget: ['1 USD/day', { amount: '1 USD/day', per: 'session', share: 0.5 }] }],
    },
    field: 'routes[0].budget[1].share',
    rule: /nobody else’s/,
  },
  {
    name: 'parts that leave newcomers nothing',
    config: { budget: { amount: '5 USD/day', keep: { older: 0.5, subjects: 0.5 } }, routes: [CHAT] },
    field: 'budget.keep',
    rule: /leave some/,
  },
  {
    name: 'two budgets over the same',
    config: { budget: ['5 USD/day', '4 USD/day'], routes: [CHAT] },
    field: 'budget[1]',
    rule: /the smaller one is enough/,
  },
  {
    name: 'a route’s budget for all of them',
    config: { routes: [{ ...CHAT, budget: { amount: '5 USD/day', per: 'total' } }] },
    field: 'routes[0].budget.per',
    rule: /write "route"/,
  },
  {
    name: 'a budget of people where nobody can log in',
    config: { routes: [{ ...CHAT, budget: ['5 USD/day', { amount: '1 USD/day', per: 'subject' }] }] },
    field: 'routes[0].budget[1].per',
    rule: /write login as well/,
  },
  {
    name: 'a part that is none',
    config: { budget: { amount: '5 USD/day', share: 2 }, routes: [CHAT] },
    field: 'budget.share',
    rule: /between 0 and 1/,
  },
];

for (const { name, config, field, rule } of WRONG) {
  test(`R68 ${name} is refused at the start`, () => {
    assert.throws(
      () => parseConfig(config, 'config'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.problems[0]?.field, field);
        assert.match(error.problems[0]?.rule ?? '', rule);
        return true;
      },
    );
  });
}

test('R68 with a cost what was spent outlives the process by default', () => {
  assert.equal(recordsOf({ routes: [CHAT] }), 'sqlite:./sallyport.sqlite');
  assert.equal(recordsOf({ routes: [CHAT], records: 'memory' }), 'memory');
  assert.equal(recordsOf({ routes: [{ match: 'POST /api/chat' }] }), 'memory');
});
