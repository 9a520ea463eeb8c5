import type { Claims, CommitCode } from '../../guard/state.ts';
import { LONGEST_QUOTA, spanOf } from '../memory/keys.ts';
import { keyBy, type Name, type Names } from './names.ts';
import type { Table } from './table.ts';

/** Of a key. */
const COUNT = 3;
const FIRST = 4;
const LAST = 5;
const QUOTA = 6;
const SPAN = 8;
/** Of a nonce. */
const NEXT = 3;
const UNTIL = 4;

/** Nonces whose time is over that are taken away at a time. */
const AT_A_TIME = 64;
/** Keys looked at for room. */
const STOPS = 16;

/**
 * What API keys have used: nonces of signatures, and quotas. Nothing that has to be remembered is dropped for want of
 * room: who uses more than there is room for is refused.
 */
export class SharedKeys {
  readonly #keys: Table;
  readonly #nonces: Table;
  readonly #names: Names;
  readonly #most: number;

  /** `most`: nonces of one key. */
  constructor(keys: Table, nonces: Table, names: Names, most: number) {
    this.#keys = keys;
    this.#nonces = nonces;
    this.#names = names;
    this.#most = most;
  }

  /** Why this request cannot have what it claims; '' where it can. Uses nothing up. `now`: steady time. */
  check(claims: Claims, now: number): CommitCode {
    const key = this.#find(claims);
    if (key === 0) return this.#hasRoom(claims, now) ? '' : 'limit';
    const { records } = this.#keys;
    if (
      claims.quotaCount > 0 &&
      spanOf(claims) <= records.float(key, SPAN) &&
      records.get(key, QUOTA) >= claims.quotaCount
    )
      return 'limit';
    if (claims.keyNonce === '') return '';
    this.#expire(key, now);
    const { high, low } = this.#nonceOf(claims);
    const nonce = this.#nonces.find(high, low);
    if (nonce !== 0 && this.#nonces.records.float(nonce, UNTIL) >= now) return 'replayed';
    return records.get(key, COUNT) >= this.#most || !this.#hasNonces(claims, now) ? 'limit' : '';
  }

  /** After {@link check} at the same moment. */
  apply(claims: Claims, now: number): void {
    const { high, low } = this.#names.of(claims.key);
    const key = this.#find(claims) || this.#keys.add(high, low);
    const { records } = this.#keys;
    if (claims.quotaCount > 0) {
      const span = spanOf(claims);
      const counted = records.get(key, QUOTA);
      // A clock set back does not give a quota anew: only a later span begins at nothing.
      const begins = counted === 0 || span > records.float(key, SPAN);
      if (begins) records.setFloat(key, SPAN, span);
      records.set(key, QUOTA, begins ? 1 : counted + 1);
    }
    if (claims.keyNonce === '') return;
    const name = this.#nonceOf(claims);
    const nonce = this.#nonces.add(name.high, name.low);
    this.#nonces.records.setFloat(nonce, UNTIL, now + claims.keyNonceLife);
    const last = records.get(key, LAST);
    if (last === 0) records.set(key, FIRST, nonce);
    else this.#nonces.records.set(last, NEXT, nonce);
    records.set(key, LAST, nonce);
    records.set(key, COUNT, records.get(key, COUNT) + 1);
  }

  #find({ key }: Claims): number {
    const { high, low } = this.#names.of(key);
    return this.#keys.find(high, low);
  }

  #nonceOf({ key, keyNonce }: Claims): Name {
    return keyBy(this.#names.of(key), this.#names.of(keyNonce));
  }

  /** In the order in which they came: one that is to be remembered for longer keeps those behind it as well. */
  #expire(key: number, now: number): void {
    const { records } = this.#keys;
    for (let count = 0; count < AT_A_TIME; count += 1) {
      const first = records.get(key, FIRST);
      if (first === 0 || this.#nonces.records.float(first, UNTIL) >= now) return;
      const next = this.#nonces.records.get(first, NEXT);
      records.set(key, FIRST, next);
      if (next === 0) records.set(key, LAST, 0);
      records.set(key, COUNT, records.get(key, COUNT) - 1);
      this.#nonces.remove(first);
    }
  }

  #hasRoom(claims: Claims, now: number): boolean {
    if (this.#keys.room === 0) this.#sweep(claims.now, now);
    return this.#keys.room > 0 && (claims.keyNonce === '' || this.#hasNonces(claims, now));
  }

  #hasNonces(claims: Claims, now: number): boolean {
    if (this.#nonces.room === 0) this.#sweep(claims.now, now);
    return this.#nonces.room > 0;
  }

  /** Forgets a few keys whose nonces and quotas are all over. */
  #sweep(wall: number, now: number): void {
    const { records } = this.#keys;
    for (let stop = 0; stop < STOPS; stop += 1) {
      const key = this.#keys.next();
      if (key === 0 || (records.get(key, 0) === 0 && records.get(key, 1) === 0)) continue;
      this.#expire(key, now);
      if (records.get(key, COUNT) === 0 && wall - records.float(key, SPAN) > LONGEST_QUOTA) this.#keys.remove(key);
    }
  }
}
