import type { Claims, CommitCode } from '../../guard/state.ts';
import { NO_IDS } from '../../guard/served.ts';
import { NO_ORDER } from '../../guard/order.ts';
import { NO_USE } from '../../guard/use.ts';
import { hash } from 'node:crypto';
import type { Item, Result, Written } from './calls.ts';
import { hex, partitionOfSession, partitionOfWindow, sessionPlace } from './places.ts';
import { concurrentItems, limitItems, orderItems, servedItems, tellDebts, tellLimit, tellOrder } from './rule-items.ts';
import type { Names } from './names.ts';
import type { Times } from './times.ts';

/** What one request claims of its session's partition. */
export interface CommitItem extends Item {
  /** Session, or the partner's account in its place. */
  s?: string;
  a?: string;
  e?: number;
  b?: number;
  /** Crowd that the session is counted with elsewhere. */
  x?: string;
  /** Window, counter, and the counter as it stands in keys. */
  w?: string;
  n?: number;
  ns?: string;
  rep?: true;
  /** Redirect grant that is asked for: its digest. */
  g?: string;
  /** Limits, open requests and the name of this one, orders, served ids. */
  l?: ReturnType<typeof limitItems>;
  q?: ReturnType<typeof concurrentItems>;
  h?: string;
  o?: ReturnType<typeof orderItems>;
  d?: ReturnType<typeof servedItems>;
  /** A limit elsewhere has no room: asks only whether this was sent before. */
  no?: true;
}

export interface CommitParts {
  readonly partitions: number;
  readonly times: Times;
  readonly names: Names;
}

/** The script's codes. */
const CODES: readonly CommitCode[] = [
  '',
  'stale',
  'replayed',
  'stale-nonce',
  'entry-required',
  'limit',
  'order',
  'not-served',
];
/** The session counts with another crowd than was said. */
export const CROWD = 8;

const isCounter = (nonce: number): boolean => Number.isSafeInteger(nonce) && nonce > 0;

export const claimsWindow = ({ nonce, redirectTarget }: Claims): boolean => nonce !== 0 || redirectTarget !== '';
const claimsSession = ({ sessionIdHigh, sessionIdLow }: Claims): boolean => sessionIdHigh !== 0 || sessionIdLow !== 0;

/** Requests that the script has to be asked about. */
export const needsScript = (claims: Claims): boolean =>
  claimsWindow(claims) || claimsSession(claims) || claims.orders !== NO_ORDER || claims.served !== NO_IDS;

/**
 * What a request asks of the script; a code where that needs no asking: what does not lie where it says is not there.
 *
 * @param hold names the request where it will be open
 */
export function commitItem(claims: Claims, parts: CommitParts, hold: string): CommitItem | CommitCode {
  const { partitions, times, names } = parts;
  const window = claimsWindow(claims);
  const session = claimsSession(claims);
  const windowAt = window ? partitionOfWindow(claims.windowPlace, claims.windowIdLow, partitions) : -1;
  let z = windowAt;
  if (session) {
    z = partitionOfSession(claims.sessionIdLow, partitions);
    if (claims.sessionPlace !== sessionPlace(z)) return window ? 'stale' : 'entry-required';
  } else if (window && z < 0) return 'stale';
  const item: Mutable<CommitItem> = { k: 'c', z, ...times.of(claims.now) };
  if (session) item.s = hex(claims.sessionIdHigh, claims.sessionIdLow);
  if (claims.entryWithin > 0) item.e = claims.entryWithin;
  if (claims.sessionClient !== 0) item.b = claims.sessionClient;
  if (window) addWindow(item, claims, windowAt === z);
  const { orders, served, account } = claims;
  if (!session && account !== '' && (orders !== NO_ORDER || served !== NO_IDS)) {
    const seat = names.seat('account', account);
    item.a = seat.name;
    if (!window) item.z = seat.partition;
  }
  if (claims.use !== NO_USE && session) {
    item.l = limitItems(claims);
    item.q = concurrentItems(claims);
    if (item.q !== undefined) item.h = hold;
  }
  if (orders !== NO_ORDER) item.o = orderItems(orders);
  if (served !== NO_IDS) item.d = servedItems(served, names);
  if (item.z < 0) item.z = 0;
  return item;
}

/**
 * {@link commitItem} of a signed call that claims its counter and nothing else, by far the most frequent one, as JSON. Null for
 * any other: what is written by hand has to be the same.
 */
export function writeCounter(claims: Claims, { partitions, times }: CommitParts): Written | CommitCode | null {
  const { nonce, windowPlace: place, windowIdHigh, windowIdLow } = claims;
  if (!isCounter(nonce) || claims.redirectTarget !== '' || claims.repeatable || claimsSession(claims)) return null;
  if (claims.entryWithin > 0 || claims.sessionClient !== 0 || claims.use !== NO_USE) return null;
  if (claims.orders !== NO_ORDER || claims.served !== NO_IDS) return null;
  const z = partitionOfWindow(place, windowIdLow, partitions);
  if (z < 0) return 'stale';
  const { t } = times.of(claims.now);
  const time = t === undefined ? '' : `"t":${t},`;
  return { z, text: `{"k":"c","z":${z},${time}"w":"${hex(windowIdHigh, windowIdLow)}","n":${nonce}}` };
}

function addWindow(item: CommitItem, claims: Claims, isHere: boolean): void {
  if (isHere) item.w = hex(claims.windowIdHigh, claims.windowIdLow);
  item.n = isCounter(claims.nonce) ? claims.nonce : -1;
  if (claims.repeatable) item.rep = true;
  if (claims.redirectTarget === '') return;
  item.ns = `.${claims.nonce}`;
  item.g = grantDigest(claims.redirectTarget, claims.redirectSignature);
}

/** One fixed size for whatever targets and signatures there are. */
export const grantDigest = (target: string, signature: string): string =>
  hash('sha256', JSON.stringify([target, signature]), 'base64url');

/** What the script's answer means, with what it found written into `claims.used`. */
export function readCommit(claims: Claims, result: Result): CommitCode {
  if (typeof result === 'number') return codeOf(result);
  if (typeof result === 'string') throw new TypeError('state: a commit is answered by a code');
  const [code, ...more] = result;
  const numbers = more.filter((part) => typeof part === 'number');
  if (code === 0) {
    if (Array.isArray(more[0])) tellDebts(claims, more[0]);
    return '';
  }
  const name = codeOf(code);
  const [kind = 0, index = 0, excess = 0] = numbers;
  if (name === 'limit' && numbers.length === 3) tellLimit(claims, kind === 1, index, excess);
  if (name === 'order') tellOrder(claims, kind, index, excess);
  return name;
}

function codeOf(code: number): CommitCode {
  const name = CODES[code];
  if (name === undefined) throw new TypeError(`state: no such code: ${code}`);
  return name;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
