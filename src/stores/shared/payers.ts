import type { Payer } from '../memory/payer.ts';
import { OWNED, PAYER_HIGH, PAYER_LOW, SERIAL } from './layout.ts';
import type { Name, Names } from './names.ts';
import type { Ring } from './ring.ts';
import type { SharedSlab } from './slab.ts';
import type { Words } from './words.ts';

/** The sessions' fields (memory/sessions.ts) that say which lies there, and whether one does. */
const ID_LOW = 1;
const LAST_SEEN = 2;
/** And an account's. */
const ACCOUNT_OWNED = 3;

export const ownedByAccount = ({ records }: Ring, slot: number): number => records.base(slot) + ACCOUNT_OWNED;

/**
 * Who is meant. A session is counted by a number that its successor takes over, anybody else by a name. Null: a session
 * that does not live.
 */
export class Payers {
  readonly #words: Words;
  readonly #names: Names;
  readonly #sessions: SharedSlab;
  readonly #accounts: Ring;

  constructor(words: Words, names: Names, sessions: SharedSlab, accounts: Ring) {
    this.#words = words;
    this.#names = names;
    this.#sessions = sessions;
    this.#accounts = accounts;
  }

  nameOf(payer: Payer): Name | null {
    if (typeof payer === 'string') return this.#names.of(payer);
    const slot = this.#slotOf(payer);
    if (slot === 0) return null;
    if (this.#sessions.get(slot, PAYER_HIGH) === 0) {
      const serial = (this.#words.get(SERIAL) + 1) >>> 0 || 1;
      this.#words.set(SERIAL, serial);
      this.#sessions.set(slot, PAYER_HIGH, serial);
      this.#sessions.set(slot, PAYER_LOW, payer % 2 ** 32);
    }
    return { high: this.#sessions.get(slot, PAYER_HIGH), low: this.#sessions.get(slot, PAYER_LOW) };
  }

  /** The word where what this one has begins; 0 for an account that has nothing yet, unless one is to be made. */
  ownedAt(payer: Payer, make: boolean): number {
    if (typeof payer === 'number') {
      const slot = this.#slotOf(payer);
      return slot === 0 ? 0 : this.#sessions.base(slot) + OWNED;
    }
    const { high, low } = this.#names.of(payer);
    const slot = this.#accounts.find(high, low) || (make ? this.#accounts.put(high, low) : 0);
    return slot === 0 ? 0 : ownedByAccount(this.#accounts, slot);
  }

  /** The session goes on as this one. */
  rename(session: Payer, { high, low }: Name): void {
    const slot = typeof session === 'number' ? this.#slotOf(session) : 0;
    this.#sessions.set(slot, PAYER_HIGH, high);
    this.#sessions.set(slot, PAYER_LOW, low);
  }

  #slotOf(session: number): number {
    const slot = Math.floor(session / 2 ** 32);
    const lives = this.#sessions.get(slot, ID_LOW) === session % 2 ** 32 && this.#sessions.get(slot, LAST_SEEN) !== 0;
    return lives ? slot : 0;
  }
}
