import { createTable, type Table } from './throttle-table.ts';

/**
 * How often a login may be tried. A stranger's failures count against the stranger: a browser that has logged in to
 * an account, and the networks from which that was done, have budgets of their own which nobody else's failures touch.
 * Names that no account has are counted like those that have one.
 */
export interface LoginThrottle {
  /** Asked before any work is done; counts as a failure until {@link Allowed.succeeded} or {@link Allowed.undone}. */
  ask(attempt: LoginAttempt): Allowed | Refused;
  /** Begins anew for an account: after a reset of its password, or by hand. */
  forget(account: string): void;
  readonly usage: { readonly entries: number };
}

export interface LoginAttempt {
  /** Whose: an account's id, or a keyed hash of a name that none has. */
  readonly account: string;
  /** Network prefix. */
  readonly prefix: string;
  /** Id of a browser that has logged in to this account before; '' for any other. */
  readonly device: string;
  /** Whether the account has logged in from this network before. */
  readonly home: boolean;
  /** Strangers may not try this account for now. */
  readonly guarded: boolean;
}

export interface Allowed {
  readonly ok: true;
  /** Whether the account knows this browser or network: goes first where work waits. */
  readonly known: boolean;
  succeeded(): void;
  /** It was not tried after all. */
  undone(): void;
  /** It failed. Answers what to tell somebody: that this is the shape of credential stuffing, once per spell. */
  failed(): StuffingAlarm | null;
}

export interface Refused {
  readonly ok: false;
  /** Seconds. */
  readonly retryAfter: number;
}

/** Many accounts, hardly a success: from one network, or over all. */
export interface StuffingAlarm {
  /** '' for over all. */
  readonly prefix: string;
  readonly accounts: number;
  readonly attempts: number;
  readonly failures: number;
}

export interface ThrottleOptions {
  readonly monotonic: () => number;
  /** Entries of each table. Default 50,000. */
  readonly entries?: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Failures that cost nothing, then waits that double from one second to a ceiling. */
interface Budget {
  readonly free: number;
  readonly ceilingMs: number;
  /** Without a failure for so long, it begins anew. */
  readonly forgetMs: number;
}
const OWN: Budget = { free: 5, ceilingMs: MINUTE, forgetMs: DAY };
const STRANGER: Budget = { free: 5, ceilingMs: 15 * MINUTE, forgetMs: DAY };
/** Once others fail at the same account from elsewhere, or stuffing goes on. */
const SUSPECT: Budget = { ...STRANGER, free: 2 };
/** A network that stuffs: about one try a minute in the end, whatever the account. */
const STUFFING: Budget = { free: 0, ceilingMs: MINUTE, forgetMs: 10 * MINUTE };

/** Failures of all strangers at one account, before each of them has less for free. */
const MANY_STRANGERS = 20;
/** Failures after which a known browser is a stranger: it was stolen, or is shared. */
const OWN_A_DAY = 50;

/** The shape of stuffing: so many accounts in ten minutes, and next to no success. */
const SPELL_MS = 10 * MINUTE;
const SHAPE = {
  prefix: { accounts: 20, share: 0.8 },
  all: { accounts: 200, share: 0.8 },
} as const;
const MAX_ACCOUNTS_COUNTED = 1000;

interface Failures {
  count: number;
  /** When the latest was. */
  last: number;
}

interface Spell {
  from: number;
  attempts: number;
  failures: number;
  accounts: Set<string>;
  /** Accounts that somebody got in to. Each counts once: with one of one's own, logging in over and over hides nothing. */
  readonly entered: Set<string>;
  alarmed: boolean;
  /** Waits of a network that stuffs. */
  readonly waits: Failures;
}

export function createLoginThrottle(options: ThrottleOptions): LoginThrottle {
  const { monotonic, entries = 50_000 } = options;
  const tables = {
    device: createTable<Failures>(entries),
    home: createTable<Failures>(entries),
    stranger: createTable<Failures>(entries),
    account: createTable<Failures>(entries),
    prefix: createTable<Spell>(entries),
  };
  let all = newSpell(monotonic());

  const failuresOf = (table: Table<Failures>, key: string, forgetMs: number): Failures => {
    const now = monotonic();
    const found = table.get(key);
    if (found !== undefined && now - found.last < forgetMs) return found;
    const fresh = { count: 0, last: now };
    table.set(key, fresh);
    return fresh;
  };

  function spellOf(prefix: string): Spell {
    const now = monotonic();
    const found = tables.prefix.get(prefix);
    if (found !== undefined && now - found.from < SPELL_MS) return found;
    const fresh = newSpell(now, found?.waits);
    tables.prefix.set(prefix, fresh);
    return fresh;
  }

  function allSpell(): Spell {
    if (monotonic() - all.from >= SPELL_MS) all = newSpell(monotonic());
    return all;
  }

  /** The budget that this attempt draws on: `own` of a browser, `known` also of a network. */
  function budgetOf(attempt: LoginAttempt): { failures: Failures; budget: Budget; known: boolean; own: boolean } {
    const { account, device, home, prefix } = attempt;
    if (device !== '') {
      const failures = failuresOf(tables.device, `${device} ${account}`, OWN.forgetMs);
      if (failures.count < OWN_A_DAY) return { failures, budget: OWN, known: true, own: true };
    }
    if (home) {
      const failures = failuresOf(tables.home, `${prefix} ${account}`, OWN.forgetMs);
      if (failures.count < OWN_A_DAY) return { failures, budget: OWN, known: true, own: false };
    }
    const failures = failuresOf(tables.stranger, `${prefix} ${account}`, STRANGER.forgetMs);
    const many = (tables.account.get(account)?.count ?? 0) >= MANY_STRANGERS;
    const suspect = many || isStuffing(allSpell(), SHAPE.all);
    return { failures, budget: suspect ? SUSPECT : STRANGER, known: false, own: false };
  }

  return {
    ask(attempt) {
      const now = monotonic();
      const { failures, budget, known, own } = budgetOf(attempt);
      const spell = spellOf(attempt.prefix);
      const stuffing = !known && isStuffing(spell, SHAPE.prefix);
      const wait = Math.max(waitOf(failures, budget, now), stuffing ? waitOf(spell.waits, STUFFING, now) : 0);
      if (wait > 0) return { ok: false, retryAfter: Math.ceil(wait / 1000) };
      if (attempt.guarded && !known) return { ok: false, retryAfter: HOUR / 1000 };
      const before = failures.last;
      failures.count++;
      failures.last = now;
      if (stuffing) count(spell.waits, now);
      const strangers = known ? null : failuresOf(tables.account, attempt.account, DAY);
      if (strangers !== null) count(strangers, now);
      const overall = allSpell();
      for (const each of [spell, overall]) each.attempts++;
      let open = true;
      const takeBack = (failed: number): boolean => {
        if (!open) return false;
        open = false;
        if (strangers !== null) strangers.count = Math.max(0, strangers.count - failed);
        return true;
      };
      return {
        ok: true,
        known,
        succeeded() {
          // The failures before it were this person's own.
          if (takeBack(failures.count)) failures.count = 0;
          if (stuffing) spell.waits.count = Math.max(0, spell.waits.count - 1);
          for (const each of [spell, overall]) {
            if (each.entered.has(attempt.account)) each.attempts = Math.max(0, each.attempts - 1);
            else if (each.entered.size < MAX_ACCOUNTS_COUNTED) each.entered.add(attempt.account);
          }
        },
        undone() {
          if (!takeBack(1)) return;
          failures.count = Math.max(0, failures.count - 1);
          failures.last = before;
          for (const each of [spell, overall]) each.attempts = Math.max(0, each.attempts - 1);
        },
        failed() {
          if (!open) return null;
          open = false;
          // A forgetful owner is no attack.
          if (own) return null;
          for (const each of [spell, overall]) {
            each.failures++;
            if (each.accounts.size < MAX_ACCOUNTS_COUNTED) each.accounts.add(attempt.account);
          }
          return raise(spell, SHAPE.prefix, attempt.prefix) ?? raise(overall, SHAPE.all, '');
        },
      };
    },
    forget(account) {
      tables.account.delete(account);
      for (const table of [tables.device, tables.home, tables.stranger])
        table.deleteWhere((key) => key.endsWith(` ${account}`));
    },
    get usage() {
      return { entries: Object.values(tables).reduce((sum, table) => sum + table.size, 0) };
    },
  };
}

function newSpell(from: number, waits: Failures = { count: 0, last: from }): Spell {
  return { from, attempts: 0, failures: 0, accounts: new Set(), entered: new Set(), alarmed: false, waits };
}

function count(failures: Failures, now: number): void {
  failures.count++;
  failures.last = now;
}

/** Milliseconds until the next attempt. */
function waitOf({ count, last }: Failures, { free, ceilingMs, forgetMs }: Budget, now: number): number {
  if (count < free || now - last >= forgetMs) return 0;
  return Math.max(0, last + Math.min(ceilingMs, 1000 * 2 ** (count - free)) - now);
}

function isStuffing(spell: Spell, shape: { readonly accounts: number; readonly share: number }): boolean {
  return spell.accounts.size >= shape.accounts && spell.failures >= spell.attempts * shape.share;
}

function raise(
  spell: Spell,
  shape: { readonly accounts: number; readonly share: number },
  prefix: string,
): StuffingAlarm | null {
  if (spell.alarmed || !isStuffing(spell, shape)) return null;
  spell.alarmed = true;
  return { prefix, accounts: spell.accounts.size, attempts: spell.attempts, failures: spell.failures };
}
