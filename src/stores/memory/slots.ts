import type { EntryClaim, SessionRef } from '../../guard/state.ts';
import type { Belongings } from './belongings.ts';
import { ticksOf } from './clock.ts';
import { type Payer, sessionPayer } from './payer.ts';
import type { Remade } from './remade.ts';
import type { Sessions } from './sessions.ts';
import type { Windows } from './windows.ts';

/** Where sessions and their windows lie. */
export interface SlotTables {
  readonly windows: Windows;
  readonly sessions: Sessions;
  readonly belongings: Belongings;
  /** Slots of sessions made again: their cookies still name another place, and must not make them a second time. */
  readonly remade: Remade;
  /** All that was changed so far is whole: what comes may be lost without it. */
  checkpoint(): void;
  readonly entriesPerSession: number;
  /** Ticks after which an unused session is forgotten. */
  readonly idle: number;
}

/** Stops of the sweeping hands per entry: more than one, so that they outrun what comes in. */
const SWEEP_WINDOWS = 4;
const SWEEP_SESSIONS = 2;
/** Stops before a full table evicts somebody alive. */
const SWEEP_FULL = 64;

/** Sessions with the chains of their windows: made, dropped, and when there is no room, who has to go. Times in ticks. */
export class Slots {
  readonly #tables: SlotTables;
  readonly #windows: Windows;
  readonly #sessions: Sessions;

  constructor(tables: SlotTables) {
    this.#tables = tables;
    this.#windows = tables.windows;
    this.#sessions = tables.sessions;
  }

  /** A session lies where its cookie says, or where it was made again since. */
  find(session: SessionRef): number {
    const { place, idHigh, idLow } = session;
    const slot = this.#sessions.find(place, idHigh, idLow);
    return slot === 0 ? this.#sessions.find(this.#tables.remade.get(idHigh, idLow), idHigh, idLow) : slot;
  }

  payer(slot: number): Payer {
    return sessionPayer(slot, this.#sessions.ref(slot).idLow);
  }

  addSession(idHigh: number, idLow: number, prefix: string, now: number): number {
    if (this.#sessions.full) this.dropSession(this.#sessions.idlest());
    return this.#sessions.add(idHigh, idLow, prefix, now);
  }

  addWindow(session: number, entry: EntryClaim, now: number): number {
    if (this.#sessions.windowCount(session) >= this.#tables.entriesPerSession) this.#dropFirstWindow(session);
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
  dropSession(session: number): void {
    while (this.#sessions.firstWindow(session) !== 0) this.#dropFirstWindow(session);
    this.#tables.belongings.forget(this.payer(session));
    this.#sessions.remove(session);
  }

  /** Frees a few of what has expired: a little on every entry, so that nothing ever goes through a whole table. */
  sweep(now: number): void {
    for (let stop = 0; stop < SWEEP_WINDOWS; stop += 1) this.#sweepWindow(now);
    for (let stop = 0; stop < SWEEP_SESSIONS; stop += 1) {
      const session = this.#sessions.sweep(now - this.#tables.idle);
      if (session !== 0) this.dropSession(session);
      this.#tables.checkpoint();
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
      this.#tables.checkpoint();
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
