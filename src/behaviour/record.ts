import type { RequestView } from '../guard/view.ts';
import { canStray, strayed } from './features.ts';
import { B, D, F, FIRST_STAGE_CALLS, PATH_LENGTH, type SessionTable, U } from './session-table.ts';
import { START, type Transitions } from './transitions.ts';

/** What one call changes in its session's record: the hot path. A few writes each, and nothing is allocated. */

export interface Call {
  /** The route's number. */
  readonly number: number;
  readonly request: Pick<RequestView, 'method' | 'target'>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const PEAK_MS = 10_000;

/** Notes a call; answers how many there are now. */
export function noteCall(table: SessionTable, slot: number, call: Call, transitions: Transitions): number {
  const { words, doubles } = table;
  const at = table.u(slot, 0);
  const times = table.d(slot, 0);
  const calls = (words[at + U.calls] as number) + 1;
  words[at + U.calls] = calls;
  if (calls === 1) {
    doubles[times + D.first] = call.now;
    doubles[times + D.peakFrom] = call.now;
  } else noteGap(table, slot, call.now - (doubles[times + D.last] as number));
  doubles[times + D.last] = call.now;
  notePeak(table, at, times, call.now);
  notePath(table, slot, call.number, calls, transitions);
  noteAddress(table, slot, call.request.target);
  if (isWrite(call.request.method)) words[at + U.writes] = (words[at + U.writes] as number) + 1;
  return calls;
}

/** After which calls a session is judged: often at first, then every 32. */
export function isCheckpoint(calls: number): boolean {
  if (calls < FIRST_STAGE_CALLS) return false;
  if (calls > 64) return calls % 32 === 0;
  return calls % (calls > 16 ? 8 : 4) === 0;
}

const isWrite = (method: string): boolean => method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';

/** What a page asks for at once comes within so many milliseconds: those gaps are its own, and tell nothing of whoever uses it. */
const PAGES_OWN_MS = 250;

/** Mean and spread of the gaps' logarithms, by one pass (Welford). */
function noteGap(table: SessionTable, slot: number, gap: number): void {
  if (gap < PAGES_OWN_MS) return;
  const { words, floats } = table;
  const at = table.f(slot, 0);
  const gaps = (words[table.u(slot, U.gaps)] as number) + 1;
  words[table.u(slot, U.gaps)] = gaps;
  const value = Math.log(gap);
  const before = value - (floats[at + F.gapMean] as number);
  floats[at + F.gapMean] = (floats[at + F.gapMean] as number) + before / gaps;
  const after = value - (floats[at + F.gapMean] as number);
  floats[at + F.gapSquares] = (floats[at + F.gapSquares] as number) + before * after;
}

function notePeak({ words, doubles }: SessionTable, at: number, times: number, now: number): void {
  if (now - (doubles[times + D.peakFrom] as number) > PEAK_MS) {
    doubles[times + D.peakFrom] = now;
    words[at + U.peakNow] = 0;
  }
  const peak = (words[at + U.peakNow] as number) + 1;
  words[at + U.peakNow] = peak;
  if (peak > (words[at + U.peak] as number)) words[at + U.peak] = peak;
}

function notePath(table: SessionTable, slot: number, number: number, calls: number, transitions: Transitions): void {
  const { words, floats, bytes } = table;
  const at = table.u(slot, 0);
  const routeAt = table.b(slot, B.route);
  const from = calls === 1 ? START : (bytes[routeAt] as number);
  if (calls <= PATH_LENGTH) bytes[table.b(slot, B.path) + calls - 1] = number;
  const surprise = transitions.surprise(from, number);
  const to = table.f(slot, 0);
  const stray = strayed(floats[to + F.stray] as number, surprise);
  floats[to + F.surprise] = (floats[to + F.surprise] as number) + surprise;
  floats[to + F.stray] = stray;
  if (canStray(calls) && stray > (floats[to + F.worst] as number)) floats[to + F.worst] = stray;
  if (from === number) words[at + U.same] = (words[at + U.same] as number) + 1;
  bytes[routeAt] = number;
  setBit(bytes, table.b(slot, B.routes), number);
}

function noteAddress(table: SessionTable, slot: number, target: string): void {
  const { words, bytes } = table;
  const at = table.u(slot, 0);
  const hash = hashOf(target);
  if (hash === words[at + U.target]) words[at + U.repeats] = (words[at + U.repeats] as number) + 1;
  words[at + U.target] = hash;
  setBit(bytes, table.b(slot, B.addresses), hash >>> 24);
  const number = lastNumberIn(target);
  if (number < 0) return;
  if (Math.abs(number - (words[at + U.number] as number)) === 1)
    words[at + U.steps] = (words[at + U.steps] as number) + 1;
  words[at + U.number] = number;
}

function setBit(bytes: Uint8Array, at: number, bit: number): void {
  const place = at + (bit >> 3);
  bytes[place] = (bytes[place] as number) | (1 << (bit & 7));
}

/** Characters of an address that are looked at. */
const LOOKED_AT = 256;

/** FNV-1a over the characters: tells addresses of one session apart, nothing more. 32 bits, never 0. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  const length = Math.min(text.length, LOOKED_AT);
  for (let index = 0; index < length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // The upper bits of this hash are the poor ones without one more turn.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}

const MOST_DIGITS = 9;

/** The last number of up to nine digits; -1 for none. */
function lastNumberIn(text: string): number {
  let end = Math.min(text.length, LOOKED_AT) - 1;
  while (end >= 0 && !isDigit(text.charCodeAt(end))) end -= 1;
  let number = 0;
  let times = 1;
  let digits = 0;
  for (; end >= 0 && isDigit(text.charCodeAt(end)); end -= 1) {
    digits += 1;
    if (digits > MOST_DIGITS) return -1;
    number += (text.charCodeAt(end) - 48) * times;
    times *= 10;
  }
  return digits === 0 ? -1 : number;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
