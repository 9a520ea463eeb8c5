import type {
  Claims,
  CommitCode,
  EndReason,
  EntryClaim,
  EntryGrant,
  IdsServed,
  RedirectGrant,
  SessionRef,
  State,
  StateUsage,
  StepDone,
} from '../../guard/state.ts';
import { NO_IDS } from '../../guard/served.ts';
import { NO_ORDER } from '../../guard/order.ts';
import { type Hold, NO_USE, NOT_USED } from '../../guard/use.ts';
import { SESSION_IDLE_SECONDS } from '../../wire/constants.ts';
import { BoundedMap } from './bounded-map.ts';
import { SteadyClock, ticksOf, toTicks } from './clock.ts';
import { Grants } from './grants.ts';
import { Keys } from './keys.ts';
import { MemoryHold } from './hold.ts';
import { Mints } from './mints.ts';
import { Orders, type Steps } from './orders.ts';
import { type Payer, payerFor, sessionPayer } from './payer.ts';
import { type Given, Served } from './served.ts';
import { Revocations, toKey } from './revocations.ts';
import { MOST_WINDOWS, Sessions } from './sessions.ts';
import { Uses } from './uses.ts';
import { Windows } from './windows.ts';

/** Bounds of the tables. Memory is taken as they fill, by segments, and given back when the state is closed. */
export interface MemoryStateOptions {
  /** Windows at most; 160 bytes each. Default 524,288. */
  entries?: number;
  /** Sessions at most; 48 bytes each. Default 1,048,576. */
  sessions?: number;
  /** Windows one session may have; a further entry costs it its oldest. Default 128, at most 65,535. */
  entriesPerSession?: number;
  /** Milliseconds after which an unused session is forgotten. Default: as long as its cookie may idle, 12 h. */
  sessionIdle?: number;
  /** Revocations remembered. Beyond, cookies unknown to state get a new session instead of their own. Default 65,536. */
  revocations?: number;
  /** Redirect grants at one time. Default 4,096. */
  grants?: number;
  /** Nonces of one signing key that are remembered at a time; a key that uses more is refused with `limit`. Default 131,072. */
  keyNonces?: number;
  /** Sessions made again from their cookies that are kept from being made twice. Default 65,536. */
  remade?: number;
}

/** Half a minute: how exactly state knows when a session was last seen. */
const LOOK_TICKS = ticksOf(30_000);
/** Stops of the sweeping hands per entry: more than one, so that they outrun what comes in. */
const SWEEP_WINDOWS = 4;
const SWEEP_SESSIONS = 2;
/** Stops before a full table evicts somebody alive. */
const SWEEP_FULL = 64;

/**
 * State in this process's memory: gone with it, which costs every page one entry and never admits a request twice
 * (PROTOCOL 4.3). All methods answer synchronously, and none does work that grows with the number of visitors.
 *
 * Throws RangeError for a bound that is not a positive integer.
 */
export function createMemoryState(options: MemoryStateOptions = {}): State {
  return new MemoryState(options);
}

class MemoryState implements State {
  readonly kind = 'memory';
  readonly #clock = new SteadyClock();
  readonly #mints = new Mints();
  readonly #windows: Windows;
  readonly #sessions: Sessions;
  readonly #revocations: Revocations;
  readonly #grants: Grants;
  readonly #keys: Keys;
  readonly #uses = new Uses();
  readonly #orders = new Orders();
  readonly #served = new Served();
  /** Slots of sessions made again: their cookies still name another place, and must not make them a second time. */
  readonly #remade: BoundedMap<number>;
  /**
   * Ticks; moves on with every revocation and every half minute. A session looked at since has not been revoked and
   * is known to be in use. So the hot path of a signed call touches one record, its window.
   */
  #lookAgain = 0;
  readonly #capacity: number;
  readonly #entriesPerSession: number;
  readonly #idle: number;

  constructor(options: MemoryStateOptions) {
    this.#capacity = bound('sessions', options.sessions, 1 << 20);
    this.#sessions = new Sessions(this.#capacity);
    this.#windows = new Windows(bound('entries', options.entries, 1 << 19));
    this.#entriesPerSession = Math.min(MOST_WINDOWS, bound('entriesPerSession', options.entriesPerSession, 128));
    this.#idle = ticksOf(bound('sessionIdle', options.sessionIdle, SESSION_IDLE_SECONDS * 1000));
    this.#revocations = new Revocations(bound('revocations', options.revocations, 1 << 16));
    this.#grants = new Grants(bound('grants', options.grants, 4096));
    this.#keys = new Keys(bound('keyNonces', options.keyNonces, 1 << 17));
    this.#remade = new BoundedMap(bound('remade', options.remade, 1 << 16));
  }

  commit(claims: Claims): CommitCode {
    const steady = this.#clock.read(claims.now);
    const now = toTicks(steady);
    if (now - this.#lookAgain > LOOK_TICKS) this.#lookAgain = now - 1;
    const claimsWindow = claims.nonce !== 0 || claims.redirectTarget !== '';
    let session = 0;
    if (claims.sessionIdHigh !== 0 || claims.sessionIdLow !== 0) {
      session = this.#living(
        this.#sessions.find(claims.sessionPlace, claims.sessionIdHigh, claims.sessionIdLow),
        claims.now,
      );
      if (session === 0) return claimsWindow ? 'stale' : 'entry-required';
      const { entryWithin, sessionClient } = claims;
      if (entryWithin > 0 && now - this.#sessions.lastEntry(session) > ticksOf(entryWithin)) return 'entry-required';
      if (sessionClient !== 0 && !this.#sessions.hasEnteredAs(session, sessionClient)) return 'entry-required';
    }
    if (claims.key !== '') {
      const code = this.#keys.check(claims, steady);
      if (code !== '') return code;
    }
    if (claims.use !== NO_USE && !this.#uses.check(claims, steady)) return this.#orReplay(claims, now, 'limit');
    if (claims.orders !== NO_ORDER && !this.#orders.check(claims, steady)) return this.#orReplay(claims, now, 'order');
    if (claims.served !== NO_IDS && !this.#served.check(claims, steady))
      return this.#orReplay(claims, now, 'not-served');
    if (claimsWindow) {
      const code = this.#useWindow(claims, steady, now);
      if (code !== '') return code;
    }
    if (claims.used !== NOT_USED) claims.used.hold = this.#hold(claims);
    if (claims.served !== NO_IDS) this.#served.apply(claims, steady);
    if (claims.key !== '') this.#keys.apply(claims, steady);
    if (session !== 0 && this.#sessions.lastSeen(session) <= this.#lookAgain) this.#sessions.touch(session, now);
    return '';
  }

  enter(entry: EntryClaim): EntryGrant {
    const steady = this.#clock.read(entry.now);
    const now = toTicks(steady);
    this.#sweep(now);
    let session = entry.session === null ? 0 : this.#resume(entry.session, entry.prefix, entry.now, now);
    const fresh = session === 0;
    const late = fresh ? 0 : this.#sessions.pay(session, now, entry.entriesPerMinute);
    if (late > 0) return { ok: false, code: 'limit', retryAfter: late };
    const before = fresh ? this.#carried(entry) : null;
    const isMint = fresh && !this.#replace(entry);
    const wait = isMint ? this.#mint(entry, steady) : 0;
    if (wait > 0 && entry.crowd !== true) return { ok: false, code: 'limit', retryAfter: wait, waits: true };
    if (fresh) session = this.#addSession(entry.newIdHigh, entry.newIdLow, entry.prefix, now);
    const crowded = this.#crowded(session, entry, { isNew: fresh, isLate: wait > 0 }, steady);
    if (before !== null) this.#carryOn(before, session, steady);
    const windowPlace = this.#addWindow(session, entry, now);
    this.#sessions.noteEntry(session, now, entry.client);
    return { ok: true, windowPlace, session: this.#sessions.ref(session), fresh, crowded };
  }

  /** Takes one new session's worth; 0, or the seconds to wait. */
  #mint({ prefix, mintsPerMinute, mintsPerMinuteTotal }: EntryClaim, steady: number): number {
    return this.#mints.take(steady, prefix, mintsPerMinute, mintsPerMinuteTotal);
  }

  /** Whether the session counts with the crowd of its network; one that lives leaves it once there is room for it. */
  #crowded(slot: number, entry: EntryClaim, came: { isNew: boolean; isLate: boolean }, steady: number): boolean {
    const payer = sessionPayer(slot, this.#sessions.ref(slot).idLow);
    if (came.isLate) this.#uses.join(payer, entry.prefix);
    else if (!came.isNew && this.#uses.crowdOf(payer) !== '' && this.#mint(entry, steady) === 0)
      this.#uses.leave(payer);
    return this.#uses.crowdOf(payer) !== '';
  }

  grantRedirect(grant: RedirectGrant): void {
    this.#grants.add(grant, this.#clock.elapsed, grant.until - this.#clock.latest);
  }

  settle(hold: Hold, succeeded: boolean): void {
    if (hold instanceof MemoryHold) hold.settle(succeeded);
  }

  release(hold: Hold): void {
    if (hold instanceof MemoryHold) hold.release();
  }

  done({ session, account, step, now }: StepDone): void {
    this.#orders.done(payerFor(session, account), step, this.#clock.read(now));
  }

  serve({ session, account, source, ids }: IdsServed): void {
    this.#served.give(payerFor(session, account), source, ids);
  }

  revoke(session: SessionRef, until: number, reason: EndReason): void {
    this.#revocations.add(session.idHigh, session.idLow, until, reason);
    this.#lookAgain = toTicks(this.#clock.elapsed);
    const slot = this.#find(session);
    if (slot !== 0) this.#dropSession(slot);
  }

  endedBy(session: SessionRef, now: number): EndReason | '' {
    return this.#revocations.reasonOf(session.idHigh, session.idLow, now);
  }

  usage(): StateUsage {
    return {
      entries: this.#windows.live,
      sessions: this.#sessions.live,
      bytes: this.#windows.bytes + this.#sessions.bytes,
      capacity: this.#capacity,
    };
  }

  close(): void {}

  /** Counts a request under its rules, when nothing can refuse it any more. */
  #hold(claims: Claims): Hold | null {
    const lower = claims.use === NO_USE ? null : this.#uses.apply(claims);
    const undo = claims.orders === NO_ORDER ? null : this.#orders.apply(claims);
    return lower === null && undo === null ? null : new MemoryHold(undo, lower);
  }

  /** Always the last check, so that it may apply itself: nothing else can refuse any more. */
  /** A call that was sent before is told as that, whatever else would refuse it: a refusal by a rule is its signer's own. */
  #orReplay(claims: Claims, now: number, code: CommitCode): CommitCode {
    const { windowPlace, windowIdHigh, windowIdLow, nonce, redirectTarget, repeatable } = claims;
    if (nonce === 0 || redirectTarget !== '' || repeatable || !isCounter(nonce)) return code;
    if (this.#windows.owner(windowPlace, windowIdHigh, windowIdLow, now) === 0) return 'stale';
    return this.#windows.look(windowPlace, nonce) || code;
  }

  #useWindow(claims: Claims, steady: number, now: number): CommitCode {
    const place = claims.windowPlace;
    const session = this.#windows.owner(place, claims.windowIdHigh, claims.windowIdLow, now);
    if (session === 0 || !isCounter(claims.nonce)) return 'stale';
    const looked = this.#windows.looked(place) > this.#lookAgain;
    if (!looked && this.#living(session, claims.now) === 0) return 'stale';
    const code =
      claims.redirectTarget === ''
        ? this.#windows.take(place, claims.nonce, claims.repeatable)
        : this.#useGrant(claims, steady);
    if (code !== '' || looked) return code;
    this.#windows.setLooked(place, now);
    this.#sessions.touch(session, now);
    return '';
  }

  /** A grant stands for a counter that was burnt here: whatever else it is asked for has been seen before. */
  #useGrant(claims: Claims, steady: number): CommitCode {
    if (!this.#windows.isTaken(claims.windowPlace, claims.nonce)) return 'replayed';
    return this.#grants.take(claims, steady) ? '' : 'replayed';
  }

  /** The session, unless it has been revoked since it was last looked at. Two numbers are compared, nearly always. */
  #living(slot: number, wall: number): number {
    if (slot === 0 || this.#sessions.lastSeen(slot) > this.#lookAgain) return slot;
    const { idHigh, idLow } = this.#sessions.ref(slot);
    if (!this.#revocations.has(idHigh, idLow, wall)) return slot;
    this.#dropSession(slot);
    return 0;
  }

  /** A session lies where its cookie says, or where it was made again since. */
  #find(session: SessionRef): number {
    const { place, idHigh, idLow } = session;
    const slot = this.#sessions.find(place, idHigh, idLow);
    return slot === 0 ? this.#sessions.find(this.#remade.get(toKey(idHigh, idLow)) ?? 0, idHigh, idLow) : slot;
  }

  /** Slot of a cookie's session, made again where state has forgotten it; 0 where it is or may be revoked. */
  #resume(session: SessionRef, prefix: string, wall: number, now: number): number {
    const { idHigh, idLow } = session;
    const slot = this.#find(session);
    if (slot !== 0) return this.#living(slot, wall);
    if (this.#revocations.mayHave(idHigh, idLow, wall)) return 0;
    const made = this.#addSession(idHigh, idLow, prefix, now);
    this.#remade.set(toKey(idHigh, idLow), made);
    return made;
  }

  /** Ends the session whose place the new one takes; false where none lived there. */
  #replace({ replaces, now }: EntryClaim): boolean {
    if (replaces === null) return false;
    const lived = this.#living(this.#find(replaces.session), now) !== 0;
    this.revoke(replaces.session, replaces.until, replaces.reason);
    return lived;
  }

  /** What a session that another one takes the place of has done so far: its successor has done it. */
  #carried({ replaces }: EntryClaim): Carried | null {
    const slot = replaces === null ? 0 : this.#find(replaces.session);
    if (slot === 0) return null;
    const payer = sessionPayer(slot, this.#sessions.ref(slot).idLow);
    return {
      payer,
      crowd: this.#uses.crowdOf(payer),
      steps: this.#orders.of(payer),
      given: this.#served.of(payer),
    };
  }

  #carryOn({ payer, crowd, steps, given }: Carried, session: number, now: number): void {
    const successor = sessionPayer(session, this.#sessions.ref(session).idLow);
    if (crowd !== '') this.#uses.join(successor, crowd);
    this.#uses.move(payer, successor, now);
    if (steps !== undefined) this.#orders.give(successor, steps);
    if (given !== undefined) this.#served.carry(successor, given);
  }

  #addSession(idHigh: number, idLow: number, prefix: string, now: number): number {
    if (this.#sessions.full) this.#dropSession(this.#sessions.idlest());
    return this.#sessions.add(idHigh, idLow, prefix, now);
  }

  #addWindow(session: number, entry: EntryClaim, now: number): number {
    if (this.#sessions.windowCount(session) >= this.#entriesPerSession) this.#dropFirstWindow(session);
    if (this.#windows.full) this.#makeRoom(now);
    const expires = now + ticksOf(entry.windowLife);
    const slot = this.#windows.add(entry.windowIdHigh, entry.windowIdLow, session, expires);
    const last = this.#sessions.pushWindow(session, slot);
    if (last !== 0) this.#windows.setNext(last, slot);
    return slot;
  }

  #dropFirstWindow(session: number): void {
    const first = this.#sessions.firstWindow(session);
    if (first === 0) return;
    this.#sessions.shiftWindow(session, this.#windows.next(first));
    this.#windows.remove(first);
  }

  /** Bounded by the windows a session may have. */
  #dropSession(session: number): void {
    while (this.#sessions.firstWindow(session) !== 0) this.#dropFirstWindow(session);
    const payer = sessionPayer(session, this.#sessions.ref(session).idLow);
    this.#uses.leave(payer);
    this.#orders.forget(payer);
    this.#served.forget(payer);
    this.#sessions.remove(session);
  }

  /** Frees a few of what has expired: a little on every entry, so that nothing ever goes through a whole table. */
  #sweep(now: number): void {
    for (let stop = 0; stop < SWEEP_WINDOWS; stop += 1) this.#sweepWindow(now);
    for (let stop = 0; stop < SWEEP_SESSIONS; stop += 1) {
      const session = this.#sessions.sweep(now - this.#idle);
      if (session !== 0) this.#dropSession(session);
    }
  }

  /** Drops the expired windows at the front of the chain in which the hand's next stop lies. */
  #sweepWindow(now: number): number {
    const session = this.#windows.sweep();
    if (session === 0) return 0;
    for (;;) {
      const first = this.#sessions.firstWindow(session);
      if (first === 0 || !this.#windows.expired(first, now)) return session;
      this.#dropFirstWindow(session);
    }
  }

  /** Room for one more window: what has expired, else one of the largest prefix's, else whatever lies at the hand. */
  #makeRoom(now: number): void {
    let last = 0;
    for (let stop = 0; stop < SWEEP_FULL; stop += 1) {
      last = this.#sweepWindow(now);
      if (!this.#windows.full) return;
    }
    const idlest = this.#sessions.idlestWithWindow();
    this.#dropFirstWindow(idlest === 0 ? last : idlest);
  }
}

interface Carried {
  readonly payer: Payer;
  readonly crowd: string;
  readonly steps: Steps | undefined;
  readonly given: Given | undefined;
}

function isCounter(nonce: number): boolean {
  return Number.isSafeInteger(nonce) && nonce > 0;
}

function bound(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`createMemoryState: ${name} must be a positive integer, not ${value}`);
}
