import { type Account, type Accounts, giveBackTo, newAccount, roll, spentOf, takeAll } from '../../guard/account.ts';
import type { Cap, Entry, Ledger, Reserved } from '../../guard/ledger.ts';
import { machineTime, type Monotonic, SteadyClock } from './clock.ts';

/** Accounts that are kept before those are looked for that nothing was spent of lately. */
const MANY = 65_536;

/** Money counted in this process, and gone with it. */
export function createMemoryLedger(monotonic: Monotonic = machineTime): Ledger {
  const accounts = new Map<string, Kept>();
  const clock = new SteadyClock(monotonic);
  let sweepAt = MANY;
  let now = 0;

  const find: Accounts = (cap, payer) => {
    const name = payer === '' ? cap.name : `${cap.name}|${payer}`;
    const known = accounts.get(name);
    if (known !== undefined) return known.account;
    const account = newAccount(cap, now);
    accounts.set(name, { cap, account });
    return account;
  };

  /** Whoever has spent nothing for a whole span is as good as new. */
  const sweep = (): void => {
    for (const [name, { cap, account }] of accounts) {
      roll(account, cap, now);
      if (spentOf(account) === 0 && account.released >= cap.amount) accounts.delete(name);
    }
    sweepAt = Math.max(MANY, 2 * accounts.size);
  };

  return {
    lasts: false,
    reserve(entries: readonly Entry[], wall: number): Reserved {
      now = clock.read(wall);
      if (accounts.size > sweepAt) sweep();
      return takeAll(entries, find, now);
    },
    giveBack(entries, amount) {
      for (const entry of entries) giveBackTo(find(entry.cap, entry.payer), entry, amount);
    },
    spent(caps: readonly Cap[], wall) {
      now = clock.read(wall);
      return caps.map((cap) => {
        const account = find(cap, '');
        roll(account, cap, now);
        return spentOf(account);
      });
    },
    close: async () => {},
  };
}

interface Kept {
  readonly cap: Cap;
  readonly account: Account;
}
