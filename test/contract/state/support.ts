import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { noClaims as emptyClaims } from '../../../src/guard/context.ts';
import type { Claims, CommitCode, EntryClaim, EntryGrant, SessionRef, State } from '../../../src/guard/state.ts';

/** What a store is asked for: bounds where they are the point of a row, otherwise its own defaults. */
export interface StateBounds {
  readonly entries?: number;
  readonly sessions?: number;
  readonly keyNonces?: number;
}

export type CreateState = (bounds?: StateBounds) => State | Promise<State>;

export const START = 1_750_000_000_000;
export const MINUTE = 60_000;
export const LIFE = 10 * MINUTE;

export interface Entered {
  readonly ticketId: string;
  readonly idHigh: number;
  readonly idLow: number;
  readonly place: number;
  readonly session: SessionRef;
}

let made = 0;

/** An entry claim whose ids no other claim of this process has. */
export function entryClaim(changes: Partial<EntryClaim> = {}): EntryClaim {
  made += 1;
  return {
    now: START,
    windowIdHigh: 0x80000000 + made,
    windowIdLow: 0xf0000000 + made,
    windowLife: LIFE,
    client: 1,
    session: null,
    newIdHigh: 0xa0000000 + made,
    replaces: null,
    newIdLow: 0xb0000000 + made,
    prefix: '192.0.2.1',
    mintsPerMinute: 1_000_000,
    mintsPerMinuteTotal: 1_000_000,
    entriesPerMinute: 1_000_000,
    ...changes,
  };
}

export const noClaims = (now = START): Claims => emptyClaims(now);

export const use = (entered: Entered, nonce: number, now = START): Claims => ({
  ...noClaims(now),
  nonce,
  windowPlace: entered.place,
  windowIdHigh: entered.idHigh,
  windowIdLow: entered.idLow,
});

export const visit = (session: SessionRef, now = START, entryWithin = 0): Claims => ({
  ...noClaims(now),
  sessionPlace: session.place,
  sessionIdHigh: session.idHigh,
  sessionIdLow: session.idLow,
  entryWithin,
});

export async function enter(state: State, changes: Partial<EntryClaim> = {}): Promise<Entered> {
  const claim = entryClaim(changes);
  const grant = await state.enter(claim);
  assert.ok(grant.ok, 'the entry is granted');
  const id = Buffer.alloc(16);
  id.writeUInt32BE(claim.windowIdHigh, 0);
  id.writeUInt32BE(claim.windowIdLow, 4);
  return {
    ticketId: id.toString('base64url'),
    idHigh: claim.windowIdHigh,
    idLow: claim.windowIdLow,
    place: grant.windowPlace,
    session: grant.session,
  };
}

export interface Row {
  readonly name: string;
  readonly why: string;
  run(create: CreateState): Promise<void>;
}

export async function expectCodes(state: State, steps: readonly (readonly [Claims, CommitCode])[]): Promise<void> {
  for (const [index, [claims, code]] of steps.entries()) {
    assert.equal(
      await state.commit(claims),
      code,
      `step ${index + 1}: counter ${claims.nonce} at ${claims.now - START} ms`,
    );
  }
}

/** The session part of a claim, to put into another. */
export const only = ({ sessionPlace, sessionIdHigh, sessionIdLow }: Claims) => ({
  sessionPlace,
  sessionIdHigh,
  sessionIdLow,
});

export function expectLimit(grant: EntryGrant): void {
  assert.equal(grant.ok, false);
  if (grant.ok) return;
  assert.equal(grant.code, 'limit');
  assert.ok(grant.retryAfter >= 1 && grant.retryAfter <= 20, `Retry-After is ${grant.retryAfter}`);
}
