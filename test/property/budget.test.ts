import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cap, Entry } from '../../src/guard/ledger.ts';
import { createMemoryLedger } from '../../src/stores/memory/ledger.ts';

const MINUTE = 60_000;
const SPAN = 24 * 60 * MINUTE;

const WHOLE: Cap = { name: 'whole', span: SPAN, amount: 1000, even: false, share: null };
const EVEN: Cap = { ...WHOLE, name: 'even', even: true };
const NEWCOMERS: Cap = { ...WHOLE, name: 'newcomers', amount: 800 };
const PREFIX: Cap = { ...WHOLE, name: 'prefix', share: { part: 0.1, of: WHOLE } };

/** One call as the test knows it. */
interface Call {
  readonly at: number;
  readonly entries: readonly Entry[];
  readonly newcomer: boolean;
  readonly prefix: string;
  spent: number;
}

type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'call'; readonly amount: number; readonly prefix: number; readonly newcomer: boolean }
  /** The answer of one of the calls under way tells what it cost; a call whose process was killed never has one. */
  | { readonly kind: 'settle'; readonly which: number; readonly part: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: SPAN / 6 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      amount: fc.integer({ min: 1, max: 120 }),
      prefix: fc.integer({ min: 0, max: 12 }),
      newcomer: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(50),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

test('P2.1 whatever is reserved, settled and killed in whatever order: no window ever holds more than its cap', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 160 }), fc.nat(SPAN), (steps, start) => {
      const ledger = createMemoryLedger(null);
      const calls: Call[] = [];
      const open: Call[] = [];
      let now = 1_790_000_000_000 + start;
      for (const one of steps) {
        if (one.kind === 'wait') now += one.ms;
        else if (one.kind === 'settle') {
          const [call] = open.splice(one.which % Math.max(1, open.length), 1);
          if (call === undefined) continue;
          const rest = Math.floor(call.spent * one.part);
          ledger.giveBack(call.entries, rest);
          call.spent -= rest;
        } else {
          const { amount, newcomer } = one;
          const prefix = `192.0.2.${one.prefix}`;
          const entry = (cap: Cap, payer = ''): Entry => ({ cap, payer, amount, slot: 0 });
          const entries = [entry(PREFIX, prefix), ...(newcomer ? [entry(NEWCOMERS)] : []), entry(EVEN), entry(WHOLE)];
          const found = ledger.reserve(entries, now);
          assert.ok(!(found instanceof Promise));
          if (found.short !== null) continue;
          const call = { at: now, entries, newcomer, prefix, spent: amount };
          assertShare(calls, call);
          calls.push(call);
          open.push(call);
          assertCaps(calls, now);
        }
      }
    }),
    { numRuns: 300 },
  );
});

const sum = (calls: readonly Call[]): number => calls.reduce((total, { spent }) => total + spent, 0);

function assertCaps(calls: readonly Call[], now: number): void {
  const window = calls.filter(({ at }) => at > now - SPAN);
  assert.ok(sum(window) <= WHOLE.amount, `${sum(window)} of ${WHOLE.amount}`);
  const newcomers = sum(window.filter(({ newcomer }) => newcomer));
  assert.ok(newcomers <= NEWCOMERS.amount, `newcomers ${newcomers}`);
}

/** Its first call, or within a tenth of what the others have left. */
function assertShare(calls: readonly Call[], call: Call): void {
  const window = calls.filter(({ at }) => at > call.at - SPAN);
  const own = sum(window.filter(({ prefix }) => prefix === call.prefix));
  const others = sum(window) - own;
  assert.ok(own === 0 || own + call.spent <= 0.1 * (WHOLE.amount - others), `${own} + ${call.spent}, others ${others}`);
}
