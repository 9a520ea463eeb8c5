import type { Account } from '../../../guard/account.ts';
import type { Cap, Entry } from '../../../guard/ledger.ts';

/** What was done to one account: given back, or where it is negative taken. */
export interface Change {
  /** Where the account lies. */
  readonly account: string;
  readonly cap: Cap;
  readonly slot: number;
  readonly amount: number;
}

/** What one step asks, as the script reads it (script.ts). */
export interface StepText {
  readonly keys: readonly string[];
  readonly caps: readonly object[];
  readonly calls: readonly (readonly (readonly number[])[])[];
  readonly back: readonly (readonly number[])[];
}

/** Keys come from 1 on; these are before the accounts: how far a process has come, which ledger it is, under whom. */
const KEYS_BEFORE = 3;

/** @param nameOf where the account of a payer lies */
export function stepText(
  calls: readonly (readonly Entry[])[],
  back: readonly Change[],
  nameOf: (cap: Cap, payer: string) => string,
): StepText {
  const keys = new Map<string, number>();
  const caps = new Map<Cap, { readonly place: number; readonly text: object }>();
  const keyOf = (name: string): number => {
    const known = keys.get(name) ?? KEYS_BEFORE + keys.size + 1;
    keys.set(name, known);
    return known;
  };
  const capOf = (cap: Cap): number => {
    const known = caps.get(cap);
    if (known !== undefined) return known.place;
    const place = caps.size + 1;
    caps.set(cap, { place, text: capText(cap, keyOf, nameOf) });
    return place;
  };
  const asked = calls.map((entries) =>
    entries.map(({ cap, payer, amount }) => [keyOf(nameOf(cap, payer)), capOf(cap), amount]),
  );
  const given = back.map(({ account, cap, slot, amount }) => [keyOf(account), capOf(cap), amount, slot]);
  return { keys: [...keys.keys()], caps: [...caps.values()].map(({ text }) => text), calls: asked, back: given };
}

function capText(
  { span, amount, even, share }: Cap,
  keyOf: (name: string) => number,
  nameOf: (cap: Cap, payer: string) => string,
): object {
  if (share === null) return { span, amount, even };
  const { of, part } = share;
  return { span, amount, even, part, of: { span: of.span, amount: of.amount, account: keyOf(nameOf(of, '')) } };
}

/** What the script wrote: the latest slot, what is released, and what was spent in each slot. */
export function toAccount(text: string): Account {
  const [latest = 0, released = 0, ...slots] = text.split(' ').map(Number);
  return { latest, released, slots };
}
