import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBudgets } from '../../src/cli/status-budgets.ts';

const plain = (text: string): string => text;
const paint = { strong: plain, faint: plain, good: plain, bad: plain, careful: plain };

test('R68 status shows what was spent of each budget', () => {
  const text = formatBudgets(
    [
      { budget: 'all: 5 USD/day per total', currency: 'USD', spent: 1.25, amount: 5 },
      { budget: 'POST /api/chat: 1 USD/hour per route', currency: 'USD', spent: 1.0005, amount: 1 },
    ],
    paint,
  );
  assert.match(text, /all: 5 USD\/day per total +1\.25 of 5\.00 USD spent +25 %/);
  assert.match(text, /POST \/api\/chat: 1 USD\/hour per route +1\.0005 of 1\.00 USD spent +all of it/);
});

test('R68 status says nothing of budgets where there are none, and says so where nobody can tell', () => {
  assert.equal(formatBudgets([], paint), '');
  assert.match(formatBudgets(null, paint), /cannot be reached: nobody may spend/);
});

test('R68 status says what a failover has cost, and nothing where it cost nothing', () => {
  const budgets = [{ budget: 'all: 5 USD/day per total', currency: 'USD', spent: 1, amount: 5 }];
  assert.doesNotMatch(formatBudgets(budgets, paint, { rewritten: 0, lost: 0, emptied: 0 }), /forgotten/);
  const text = formatBudgets(budgets, paint, { rewritten: 3, lost: 2, emptied: 1 });
  assert.match(
    text,
    /had forgotten what it had acknowledged: 3 calls of this gate counted again, 2 not; .*everything once/,
  );
});
