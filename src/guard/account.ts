import type { Cap, Entry, Reserved } from './ledger.ts';

/** Parts of a span that money is counted by. */
export const SLOTS = 24;
/** The slot that now lies in, and all that the span before it touches: the oldest counts whole. */
const RING = SLOTS + 1;
/** A twelfth each 24th of the span: twice the even pace, so that nights make up for days. */
const RELEASES = 12;
/** A time that lies further back than this means that somebody set a clock back; less is a sibling's that is behind. */
const BEHIND_MS = 3_600_000;

/** What was spent of one account lately. All whole millionths. */
export interface Account {
  /** Number of the latest slot that is known, counted from 1970. */
  latest: number;
  /** Spent in each slot, at its number modulo the length. */
  readonly slots: number[];
  /** Released and not spent yet; counts where the cap is even. */
  released: number;
}

/** Nothing was spent of it, so all that there is has been released. */
export function newAccount(cap: Cap, now: number): Account {
  return { latest: slotAt(cap, now), slots: new Array<number>(RING).fill(0), released: cap.amount };
}

const slotLength = (cap: Cap): number => cap.span / SLOTS;
const slotAt = (cap: Cap, now: number): number => Math.floor(now / slotLength(cap));

/**
 * Brings an account to this time. Time stands still for clocks that are a little behind; where one was set back by more,
 * the account goes on from there with all that was spent: nothing opens early, and nothing stays shut for longer than
 * a span.
 */
export function roll(account: Account, cap: Cap, now: number): void {
  const slot = slotAt(cap, now);
  if (slot > account.latest) advance(account, cap, slot - account.latest);
  else if (account.latest * slotLength(cap) - now > BEHIND_MS) setBack(account, slot);
  // A cap that was lowered meanwhile has released no more than there is.
  account.released = Math.min(account.released, cap.amount);
}

function advance(account: Account, cap: Cap, slots: number): void {
  for (let step = 1; step <= Math.min(slots, RING); step++) account.slots[(account.latest + step) % RING] = 0;
  account.latest += slots;
  // Where all slots have passed, each of them is cleared, wherever it lies.
  account.released = Math.min(cap.amount, account.released + slots * Math.ceil(cap.amount / RELEASES));
}

function setBack(account: Account, slot: number): void {
  const { latest } = account;
  const kept = account.slots.map((_, ago) => account.slots[(latest - ago + RING * RING) % RING] ?? 0);
  for (const [ago, spent] of kept.entries()) account.slots[(slot - ago + RING * RING) % RING] = spent;
  account.latest = slot;
}

export const spentOf = ({ slots }: Account): number => slots.reduce((sum, spent) => sum + spent, 0);

/** What may be taken now; less than nothing where a cap was lowered or an answer cost too much. */
function room(account: Account, cap: Cap, whole: Account | null): number {
  const spent = spentOf(account);
  if (cap.share !== null && whole !== null) {
    // Who has taken nothing may make one call: else the last of what is left would be nobody's.
    if (spent === 0) return Number.POSITIVE_INFINITY;
    const left = cap.share.of.amount - (spentOf(whole) - spent);
    return Math.floor(cap.share.part * left) - spent;
  }
  const left = cap.amount - spent;
  return cap.even ? Math.min(left, account.released) : left;
}

/** Where accounts are. One that was not there yet is made. */
export type Accounts = (cap: Cap, payer: string) => Account;

const wholeOf = (cap: Cap, accounts: Accounts): Account | null =>
  cap.share === null ? null : accounts(cap.share.of, '');

/** Takes every entry out of its account, or none: accounts are as they were where one has no room. */
export function takeAll(entries: readonly Entry[], accounts: Accounts, now: number): Reserved {
  for (const [index, entry] of entries.entries()) {
    const { cap, payer, amount } = entry;
    const account = accounts(cap, payer);
    const whole = wholeOf(cap, accounts);
    roll(account, cap, now);
    if (whole !== null && cap.share !== null) roll(whole, cap.share.of, now);
    if (room(account, cap, whole) < amount) {
      for (const taken of entries.slice(0, index)) giveBackTo(accounts(taken.cap, taken.payer), taken, taken.amount);
      return { short: cap, retryAfter: secondsUntilFree(entry, account, whole, now) };
    }
    entry.slot = account.latest;
    giveBackTo(account, entry, -amount);
  }
  return { short: null, spent: entries.map(({ cap, payer }) => spentOf(accounts(cap, payer))) };
}

/** Puts so much back where it was taken; takes it where it is negative. What has left the ring is spent for good. */
export function giveBackTo(account: Account, { cap, slot }: Pick<Entry, 'cap' | 'slot'>, amount: number): void {
  const place = slot % RING;
  if (slot > account.latest || slot <= account.latest - RING) return;
  account.slots[place] = Math.max(0, (account.slots[place] ?? 0) - amount);
  account.released = Math.min(cap.amount, account.released + amount);
}

/** When the entry would have room if nobody took anything meanwhile; a whole span where it never will. */
export function secondsUntilFree({ cap, amount }: Entry, account: Account, whole: Account | null, now: number): number {
  const [later, wholeLater] = [copyOf(account), whole === null ? null : copyOf(whole)];
  for (let slot = account.latest + 1; slot <= account.latest + RING; slot++) {
    const then = slot * slotLength(cap);
    roll(later, cap, then);
    if (wholeLater !== null && cap.share !== null) roll(wholeLater, cap.share.of, then);
    if (room(later, cap, wholeLater) >= amount) return Math.max(1, Math.ceil((then - now) / 1000));
  }
  return Math.ceil(cap.span / 1000);
}

const copyOf = (account: Account): Account => ({ ...account, slots: [...account.slots] });
