import { describe, test } from 'node:test';
import type { State } from '../../src/guard/state.ts';
import { bounds } from './state/bounds.ts';
import { clocks } from './state/clocks.ts';
import { grants } from './state/grants.ts';
import { keys } from './state/keys.ts';
import { limits } from './state/limits.ts';
import { orders } from './state/orders.ts';
import { served } from './state/served.ts';
import { sessions } from './state/sessions.ts';
import type { CreateState, Row } from './state/support.ts';
import { uses } from './state/uses.ts';
import { windows } from './state/windows.ts';

const TABLE: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  { title: 'windows', rows: windows },
  { title: 'sessions', rows: sessions },
  { title: 'redirect grants', rows: grants },
  { title: 'limits on new sessions', rows: limits },
  { title: 'keys', rows: keys },
  { title: 'limits and open requests', rows: uses },
  { title: 'orders', rows: orders },
  { title: 'served ids', rows: served },
  { title: 'bounds', rows: bounds },
  { title: 'clocks', rows: clocks },
];

/** The rules that every store keeps. A new store's test is a call of this. */
export function stateContract(name: string, create: CreateState): void {
  describe(`${name} keeps the state's contract`, () => {
    for (const { title, rows } of TABLE) {
      describe(title, () => {
        for (const row of rows) test(`${row.name} (${row.why})`, () => withStates(create, row));
      });
    }
  });
}

/** Closes what a row has created. */
async function withStates(create: CreateState, row: Row): Promise<void> {
  const states: State[] = [];
  try {
    await row.run(async (bounds) => {
      const state = await create(bounds);
      states.push(state);
      return state;
    });
  } finally {
    for (const state of states) await state.close();
  }
}
