import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BudgetEvent } from '../../src/guard/cost-watch.ts';
import { createCosts } from '../../src/guard/cost-watch.ts';
import type { Ledger, LedgerLosses } from '../../src/guard/ledger.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import { createBudgetAlarms } from '../../src/gateway/budget-alarms.ts';
import { createMemoryLedger } from '../../src/stores/memory/ledger.ts';

test('R68 what a server forgot is said each time, and counted', () => {
  const told: ((losses: LedgerLosses) => void)[] = [];
  const ledger: Ledger = { ...createMemoryLedger(), onLoss: (listener) => void told.push(listener) };
  const [said, counted]: [object[], BudgetEvent[]] = [[], []];
  const alarms = createBudgetAlarms(
    { budget: (event) => void counted.push(event) },
    { warn: (text, facts) => void said.push({ text, facts }) },
  );
  createCosts({ ledger, policy: () => compilePolicy({}), wall: Date.now }).onEvent(alarms);
  const losses = { rewritten: 15, lost: 2, emptied: 0 };
  for (let time = 0; time < 7; time++) told[0]?.(losses);
  assert.equal(said.length, 7, 'none of them is left out');
  assert.deepEqual(Object.values(said[0] ?? {})[1], losses);
  assert.equal(counted.length, 7);
});
