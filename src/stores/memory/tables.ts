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
import { crowdNamed } from '../../guard/crowd.ts';
import { NO_IDS } from '../../guard/served.ts';
import { NO_ORDER } from '../../guard/order.ts';
import { type Hold, NO_USE, NOT_USED } from '../../guard/use.ts';
import type { Bequest } from './belongings.ts';
import { type SteadyClock, ticksOf, toTicks } from './clock.ts';
import type { Grants } from './grants.ts';
import type { Keys } from './keys.ts';
import { MemoryHold } from './hold.ts';
import type { Mints } from './mints.ts';
import type { Orders } from './orders.ts';
import { payerFor } from './payer.ts';
import type { Served } from './served.ts';
import type { Revocations } from './revocations.ts';
import type { Sessions } from './sessions.ts';
import { Slots, type SlotTables } from './slots.ts';
import type { Uses } from './uses.ts';
import type { Windows } from './windows.ts';

/** What the rules are kept in. */
export interface Tables extends SlotTables {
  readonly clock: Pick<SteadyClock, 'read' | 'elapsed' | 'latest'>;
  readonly mints: Pick<Mints, 'take'>;
  readonly revocations: Pick<Revocations, 'add' | 'reasonOf' | 'has' | 'mayHave'>;
  readonly grants: Pick<Grants, 'add' | 'take'>;
  readonly keys: Pick<Keys, 'check' | 'apply'>;
  readonly uses: Pick<Uses, 'check' | 'apply' | 'crowdOf' | 'join' | 'leave'>;
  readonly orders: Pick<Orders, 'check' | 'apply' | 'done'>;
  readonly served: Pick<Served, 'check' | 'apply' | 'give'>;
  /**
   * Ticks; moves on with every revocation and every half minute. A session looked at since has not been revoked and
   * is known to be in use. So the hot path of a signed call touches one record, its window.
   */
  readonly looks: { again: number };
  /** Sessions at most. */
  readonly capacity: number;
}

/** Half a minute: how exactly state knows when a session was last seen. */
const LOOK_TICKS = ticksOf(30_000);

/**
 * The rules of state over tables, whosever they are: this thread's (memory/index.ts) or those that several threads share
 * (shared/state.ts). Answers synchronously, and does no work that grows with the number of visitors.
 */
export class TableState implements State {
  readonly kind: string;
  readonly #tables: Tables;
  readonly #clock: Tables['clock'];
  readonly #windows: Windows;
  readonly #sessions: Sessions;
  readonly #slots: Slots;
  readonly #uses: Tables['uses'];
  readonly #looks: Tables['looks'];

  constructor(kind: string, tables: Tables) {
    this.kind = kind;
    this.#tables = tables;
    this.#clock = tables.clock;
    this.#windows = tables.windows;
    this.#sessions = tables.sessions;
    this.#slots = new Slots(tables);
    this.#uses = tables.uses;
    this.#looks = tables.looks;
  }

  commit(claims: Claims): CommitCode {
    const steady = this.#clock.read(claims.now);
    const now = toTicks(steady);
    if (now - this.#looks.again > LOOK_TICKS) this.#looks.again = now - 1;
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
      const code = this.#tables.keys.check(claims, steady);
      if (code !== '') return code;
    }
    if (claims.use !== NO_USE && !this.#uses.check(claims, steady)) return this.#orReplay(claims, now, 'limit');
    if (claims.orders !== NO_ORDER && !this.#tables.orders.check(claims, steady))
      return this.#orReplay(claims, now, 'order');
    if (claims.served !== NO_IDS && !this.#tables.served.check(claims, steady))
      return this.#orReplay(claims, now, 'not-served');
    if (claimsWindow) {
      const code = this.#useWindow(claims, steady, now);
      if (code !== '') return code;
    }
    if (claims.used !== NOT_USED) claims.used.hold = this.#hold(claims);
    if (claims.served !== NO_IDS) this.#tables.served.apply(claims, steady);
    if (claims.key !== '') this.#tables.keys.apply(claims, steady);
    if (session !== 0 && this.#sessions.lastSeen(session) <= this.#looks.again) this.#sessions.touch(session, now);
    return '';
  }

  enter(entry: EntryClaim): EntryGrant {
    const steady = this.#clock.read(entry.now);
    const now = toTicks(steady);
    this.#slots.sweep(now);
    let session = entry.session === null ? 0 : this.#resume(entry.session, entry.prefix, entry.now, now);
    const fresh = session === 0;
    const late = fresh ? 0 : this.#sessions.pay(session, now, entry.entriesPerMinute);
    if (late > 0) return { ok: false, code: 'limit', retryAfter: late };
    const before = fresh ? this.#replace(entry) : NO_PREDECESSOR;
    const wait = fresh && !before.lived ? this.#mint(entry, steady) : 0;
    if (wait > 0 && entry.crowd !== true) return { ok: false, code: 'limit', retryAfter: wait, waits: true };
    if (fresh) session = this.#slots.addSession(entry.newIdHigh, entry.newIdLow, entry.prefix, now);
    const crowded = this.#crowded(session, entry, { isNew: fresh, isLate: wait > 0 }, steady);
    before.bequest?.(this.#slots.payer(session), steady);
    this.#tables.checkpoint();
    const windowPlace = this.#slots.addWindow(session, entry, now);
    this.#sessions.noteEntry(session, now, entry.client);
    return { ok: true, windowPlace, session: this.#sessions.ref(session), fresh, crowded };
  }

  /** Takes one new session's worth; 0, or the seconds to wait. */
  #mint({ prefix, mintsPerMinute, mintsPerMinuteTotal }: EntryClaim, steady: number): number {
    return this.#tables.mints.take(steady, prefix, mintsPerMinute, mintsPerMinuteTotal);
  }

  /** Whether the session counts with the crowd of its network; one that lives leaves it once there is room for it. */
  #crowded(slot: number, entry: EntryClaim, came: { isNew: boolean; isLate: boolean }, steady: number): boolean {
    const payer = this.#slots.payer(slot);
    if (came.isLate) this.#uses.join(payer, crowdNamed(entry.prefix, entry));
    else if (!came.isNew && this.#uses.crowdOf(payer) !== '' && this.#mint(entry, steady) === 0)
      this.#uses.leave(payer);
    return this.#uses.crowdOf(payer) !== '';
  }

  grantRedirect(grant: RedirectGrant): void {
    this.#tables.grants.add(grant, this.#clock.elapsed, grant.until - this.#clock.latest);
  }

  settle(hold: Hold, succeeded: boolean): void {
    if (hold instanceof MemoryHold) hold.settle(succeeded);
  }

  release(hold: Hold): void {
    if (hold instanceof MemoryHold) hold.release();
  }

  done({ session, account, step, now }: StepDone): void {
    if (session !== null && !this.#lives(session)) return;
    this.#tables.orders.done(payerFor(session, account), step, this.#clock.read(now));
  }

  serve({ session, account, source, ids }: IdsServed): void {
    if (session !== null && !this.#lives(session)) return;
    this.#tables.served.give(payerFor(session, account), source, ids);
  }

  revoke(session: SessionRef, until: number, reason: EndReason): void {
    this.#tables.revocations.add(session.idHigh, session.idLow, until, reason);
    this.#looks.again = toTicks(this.#clock.elapsed);
    const slot = this.#slots.find(session);
    if (slot !== 0) this.#slots.dropSession(slot);
  }

  endedBy(session: SessionRef, now: number): EndReason | '' {
    return this.#tables.revocations.reasonOf(session.idHigh, session.idLow, now);
  }

  mayHaveEnded(session: SessionRef, now: number): boolean {
    return this.#slots.find(session) === 0 && this.#tables.revocations.mayHave(session.idHigh, session.idLow, now);
  }

  usage(): StateUsage {
    return {
      entries: this.#windows.live,
      sessions: this.#sessions.live,
      bytes: this.#windows.bytes + this.#sessions.bytes,
      capacity: this.#tables.capacity,
    };
  }

  close(): void {}

  /** Counts a request under its rules, when nothing can refuse it any more. */
  #hold(claims: Claims): Hold | null {
    const open = claims.use === NO_USE ? null : this.#uses.apply(claims);
    const undo = claims.orders === NO_ORDER ? null : this.#tables.orders.apply(claims);
    return open === null && undo === null ? null : new MemoryHold(undo, open);
  }

  /** A call that was sent before is told as that, whatever else would refuse it: a refusal by a rule is its signer's own. */
  #orReplay(claims: Claims, now: number, code: CommitCode): CommitCode {
    const { windowPlace, windowIdHigh, windowIdLow, nonce, redirectTarget, repeatable } = claims;
    if (nonce === 0 || redirectTarget !== '' || repeatable || !isCounter(nonce)) return code;
    if (this.#windows.owner(windowPlace, windowIdHigh, windowIdLow, now) === 0) return 'stale';
    return this.#windows.look(windowPlace, nonce) || code;
  }

  /** Always the last check, so that it may apply itself: nothing else can refuse any more. */
  #useWindow(claims: Claims, steady: number, now: number): CommitCode {
    if (!isCounter(claims.nonce)) return 'stale';
    const quick = claims.redirectTarget === '' ? this.#windows.takeQuickly(claims, now, this.#looks.again) : null;
    if (quick !== null) return quick;
    const place = claims.windowPlace;
    const session = this.#windows.owner(place, claims.windowIdHigh, claims.windowIdLow, now);
    if (session === 0) return 'stale';
    const looked = this.#windows.looked(place) > this.#looks.again;
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
    return this.#tables.grants.take(claims, steady) ? '' : 'replayed';
  }

  /** The session, unless it has been revoked since it was last looked at. Two numbers are compared, nearly always. */
  #living(slot: number, wall: number): number {
    if (slot === 0 || this.#sessions.lastSeen(slot) > this.#looks.again) return slot;
    const { idHigh, idLow } = this.#sessions.ref(slot);
    if (!this.#tables.revocations.has(idHigh, idLow, wall)) return slot;
    this.#slots.dropSession(slot);
    return 0;
  }

  /** What a session did that has ended since is nobody's: nobody would ever forget it. */
  #lives({ place, idHigh, idLow }: SessionRef): boolean {
    return this.#sessions.find(place, idHigh, idLow) !== 0;
  }

  /** Slot of a cookie's session, made again where state has forgotten it; 0 where it is or may be revoked. */
  #resume(session: SessionRef, prefix: string, wall: number, now: number): number {
    const { idHigh, idLow } = session;
    const slot = this.#slots.find(session);
    if (slot !== 0) return this.#living(slot, wall);
    if (this.#tables.revocations.mayHave(idHigh, idLow, wall)) return 0;
    const made = this.#slots.addSession(idHigh, idLow, prefix, now);
    this.#tables.remade.set(idHigh, idLow, made);
    return made;
  }

  /** Ends the session whose place the new one takes, which goes on with what that one has done. */
  #replace({ replaces, now }: EntryClaim): Predecessor {
    if (replaces === null) return NO_PREDECESSOR;
    const slot = this.#living(this.#slots.find(replaces.session), now);
    const bequest = slot === 0 ? null : this.#tables.belongings.bequeath(this.#slots.payer(slot));
    this.revoke(replaces.session, replaces.until, replaces.reason);
    return { lived: slot !== 0, bequest };
  }
}

interface Predecessor {
  /** Whether it lived: then the new session is no mint. */
  readonly lived: boolean;
  readonly bequest: Bequest | null;
}

const NO_PREDECESSOR: Predecessor = Object.freeze({ lived: false, bequest: null });

function isCounter(nonce: number): boolean {
  return Number.isSafeInteger(nonce) && nonce > 0;
}
