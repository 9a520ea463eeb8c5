import { createHash } from 'node:crypto';
import { formatSetCookie, readCookie } from '../../doors/cookies.ts';
import type { Random } from '../../doors/random.ts';
import type { KeyRing } from '../../doors/seal.ts';
import { equalConstantTime } from '../../lib/bytes.ts';
import type { Clock } from '../../lib/clock.ts';
import { createGenerations } from '../../lib/generations.ts';

/**
 * One attempt to log in, from the way to the provider until the way back (RFC 9700 §4.7): sealed in a cookie of its
 * own, so that several tabs do not disturb one another and no other browser can finish what this one began.
 */
export interface Transaction {
  readonly provider: string;
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636 §4.1). */
  readonly verifier: string;
  readonly returnTo: string;
  /** Origin of ours on which it began. */
  readonly origin: string;
  /** Hash of the issuer as it was configured then. */
  readonly issuer: string;
  /** Hash of the browser's session then; '' without one. */
  readonly session: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** Values of `acr` of which the login must have one; empty for any. */
  readonly acr: readonly string[];
  /** Seconds since the person showed who they are; -1 for any time. */
  readonly maxAge: number;
}

export type NewTransaction = Omit<Transaction, 'provider' | 'state' | 'nonce' | 'verifier' | 'created'>;

export interface Transactions {
  /** Begins one; the `Set-Cookie` values carry it, and remove the oldest where there would be too many. */
  begin(cookieField: string, content: NewTransaction): { transaction: Transaction; cookies: readonly string[] };
  /** The one that a response with this `state` belongs to, however old; null without one in this browser. */
  find(cookieField: string, state: string): Transaction | null;
  /** Whether it may still be finished. */
  isLive(transaction: Transaction): boolean;
  /** Uses it up: true once. */
  use(transaction: Transaction): boolean;
  /** `Set-Cookie` that removes it. */
  clear(state: string): string;
}

export interface TransactionsOptions {
  readonly provider: string;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly random: Random;
}

export const TRANSACTION_COOKIE = '__Host-sallyport-t-';
const NAME_CHARACTERS = 9;
const STATE = /^[\w-]{43}$/;

/** Seconds to come back from the provider. */
const LIFE_SECONDS = 600;
/** The cookie outlives it, because a late answer should still say where the person wanted to go. */
const COOKIE_SECONDS = 3600;
/** Attempts that a browser keeps at once, and how many characters they may take: Node reads 16 KiB of header in all. */
const MAX_LIVE = 8;
const MAX_CHARACTERS = 6144;
/** Attempts of one generation whose use is remembered; a code is good once at the provider besides. */
const REMEMBERED = 16_384;

export function createTransactions({ provider, ring, clock, random }: TransactionsOptions): Transactions {
  const used = createGenerations<true>(REMEMBERED);
  const text = (): string => random(32).toString('base64url');
  const now = (): number => Math.floor(clock.wall() / 1000);

  const open = (value: string): Transaction | null => {
    const content = value === '' ? 'unknown' : ring.open('transaction', value);
    return typeof content === 'string' ? null : parse(content.toString());
  };

  /** Our cookies of other attempts that have to go, the oldest first. */
  function surplus(cookieField: string, added: number): string[] {
    const held = transactionCookies(cookieField)
      .map(({ name, value }) => ({ name, size: name.length + value.length, created: open(value)?.created ?? 0 }))
      .sort((a, b) => b.created - a.created);
    let characters = added;
    let count = 1;
    const gone: string[] = [];
    for (const { name, size, created } of held) {
      characters += size;
      count++;
      const stale = created < now() - COOKIE_SECONDS;
      if (stale || count > MAX_LIVE || characters > MAX_CHARACTERS) gone.push(formatSetCookie(name, '', 0));
    }
    return gone;
  }

  return {
    begin(cookieField, content) {
      const fresh = { state: text(), nonce: text(), verifier: text(), created: now() };
      const transaction: Transaction = { ...content, ...fresh, provider };
      const name = nameOf(transaction.state);
      const value = ring.seal('transaction', Buffer.from(JSON.stringify(transaction)));
      const removed = surplus(cookieField, name.length + value.length);
      return { transaction, cookies: [...removed, formatSetCookie(name, value, COOKIE_SECONDS)] };
    },
    find(cookieField, state) {
      if (!STATE.test(state)) return null;
      const transaction = open(readCookie(cookieField, nameOf(state)));
      if (transaction === null || transaction.provider !== provider) return null;
      return equalConstantTime(transaction.state, state) ? transaction : null;
    },
    isLive({ state, created }) {
      const age = now() - created;
      return age <= LIFE_SECONDS && age >= -60 && used.get(state) === undefined;
    },
    use({ state }) {
      if (used.get(state) !== undefined) return false;
      used.set(state, true);
      return true;
    },
    clear: (state) => formatSetCookie(nameOf(state), '', 0),
  };
}

const nameOf = (state: string): string => `${TRANSACTION_COOKIE}${state.slice(0, NAME_CHARACTERS)}`;

/** What stands in a sealed cookie for something long or secret: 132 bits of its SHA-256. */
export function shortHash(value: string): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 22);
}

interface NamedValue {
  readonly name: string;
  readonly value: string;
}

function transactionCookies(cookieField: string): NamedValue[] {
  if (cookieField.length > 16_384) return [];
  return cookieField
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(TRANSACTION_COOKIE))
    .map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) }))
    .filter(({ name }) => /^[\w-]{28}$/.test(name));
}

/** What was sealed under another version of this program may have another shape. */
function parse(json: string): Transaction | null {
  const value: unknown = JSON.parse(json);
  if (value === null || typeof value !== 'object') return null;
  const text = (name: string): string => {
    const field: unknown = Reflect.get(value, name);
    return typeof field === 'string' ? field : '';
  };
  const number = (name: string): number => {
    const field: unknown = Reflect.get(value, name);
    return typeof field === 'number' ? field : Number.NaN;
  };
  const acr: unknown = Reflect.get(value, 'acr');
  const transaction: Transaction = {
    provider: text('provider'),
    state: text('state'),
    nonce: text('nonce'),
    verifier: text('verifier'),
    returnTo: text('returnTo'),
    origin: text('origin'),
    issuer: text('issuer'),
    session: text('session'),
    created: number('created'),
    acr: Array.isArray(acr) ? acr.filter((item) => typeof item === 'string') : [],
    maxAge: number('maxAge'),
  };
  const { state, nonce, verifier, returnTo, created, maxAge } = transaction;
  const whole = STATE.test(state) && STATE.test(nonce) && STATE.test(verifier) && returnTo !== '';
  return whole && Number.isFinite(created) && Number.isFinite(maxAge) && Array.isArray(acr) ? transaction : null;
}
