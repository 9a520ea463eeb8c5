import { isMainThread } from 'node:worker_threads';
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
import { type Hold, NO_USE } from '../../guard/use.ts';
import type { Monotonic } from '../memory/clock.ts';
import { TableState } from '../memory/tables.ts';
import { LOCK, MOST_WORKERS, OPEN_WORKERS } from './layout.ts';
import { Lock } from './lock.ts';
import type { SharedMemory } from './memory.ts';
import type { Names } from './names.ts';
import type { OpenRequests } from './open.ts';
import { openTables } from './open-tables.ts';
import type { Words } from './words.ts';

export { createSharedMemory, type SharedMemory, type SharedMemoryOptions } from './memory.ts';

/**
 * How threads share state. One lock is taken for each call and given back before it returns; nothing is done under it that waits,
 * asks or reads files, and a signed call that falls under no rule of use takes a fraction of a microsecond there. So there is
 * no order of locks to keep. What a thread was at when it died is taken back whole (words.ts): all claims of a request are
 * applied or none, whoever dies when.
 */

/** Milliseconds that a thread waits for the lock at most. The main thread must not for long: it gives back what the dead had. */
const PATIENCE = isMainThread ? 1000 : 10_000;
/** Owners of the lock count from 1: the workers, then the thread that buries them. */
const UNDERTAKER = MOST_WORKERS + 1;
/** Ids given under one hold of the lock. */
const IDS_AT_ONCE = 64;

export interface SharedStateOptions {
  /** Number of the thread, 0–255. */
  readonly worker: number;
  /**
   * Milliseconds that never jump, the same in all threads: by them a wall clock that is set forward is found out. Default: this
   * machine’s; null to go by the times of requests alone, as tests do.
   */
  readonly monotonic?: Monotonic;
}

/**
 * The state in this memory for one thread, which has this number (0–255) for itself until the state is closed or the
 * thread has died and {@link releaseWorker} was called. All methods answer synchronously; all threads see the same, so
 * that `usage` is not to be summed. A method throws where the lock is not given back (a thread has died with it and nobody called
 * `releaseWorker`).
 *
 * Throws RangeError for a bad number, Error for one that is in use.
 */
export function openSharedState(memory: SharedMemory, { worker, monotonic }: SharedStateOptions): State {
  checkNumber('openSharedState', worker);
  const flags = new Int32Array(memory.buffer);
  if (Atomics.compareExchange(flags, OPEN_WORKERS + worker, 0, 1) !== 0)
    throw new Error(`openSharedState: worker ${worker} is open already: a number is free once its state is closed`);
  return new SharedState(memory, worker, monotonic);
}

/**
 * Gives back what a thread had that has ended: the lock if it died with it, the requests that it had open, its number. To be
 * called by the main thread on the worker's `exit`, before another worker gets the number; harmless where the state was closed
 * already.
 */
export async function releaseWorker(memory: SharedMemory, worker: number): Promise<void> {
  checkNumber('releaseWorker', worker);
  const { words, open } = openTables(memory, worker);
  const lock = new Lock(memory.buffer, LOCK, { owner: UNDERTAKER, patience: 0 });
  // Another one may have died with the lock, and be waiting behind this in the main thread's queue.
  while (!lock.takeFrom(worker + 1) && !lock.tryAcquire()) await new Promise((resolve) => setTimeout(resolve, 1));
  try {
    words.rollBack();
    lowerAll(words, open, worker);
    Atomics.store(new Int32Array(memory.buffer), OPEN_WORKERS + worker, 0);
  } finally {
    lock.release();
  }
}

function lowerAll(words: Words, open: OpenRequests, worker: number): void {
  while (open.lowerOneOf(worker)) words.checkpoint();
}

function checkNumber(where: string, worker: number): void {
  if (Number.isSafeInteger(worker) && worker >= 0 && worker < MOST_WORKERS) return;
  throw new RangeError(`${where}: worker must be an integer of 0 to ${MOST_WORKERS - 1}, not ${worker}`);
}

class SharedState implements State {
  readonly kind = 'shared';
  readonly #worker: number;
  readonly #flags: Int32Array;
  readonly #lock: Lock;
  readonly #words: Words;
  readonly #names: Names;
  readonly #open: OpenRequests;
  readonly #state: TableState;
  #isClosed = false;

  constructor(memory: SharedMemory, worker: number, monotonic: Monotonic | undefined) {
    const { tables, words, names, open } = openTables(memory, worker, monotonic);
    this.#worker = worker;
    this.#flags = new Int32Array(memory.buffer);
    this.#lock = new Lock(memory.buffer, LOCK, { owner: worker + 1, patience: PATIENCE });
    this.#words = words;
    this.#names = names;
    this.#open = open;
    this.#state = new TableState(this.kind, tables);
  }

  commit(claims: Claims): CommitCode {
    if (claims.use !== NO_USE || claims.key !== '' || claims.served !== NO_IDS) this.#nameAhead(claims);
    this.#lock.acquire();
    try {
      const code = this.#state.commit(claims);
      this.#words.checkpoint();
      return code;
    } finally {
      this.#leave();
    }
  }

  enter(entry: EntryClaim): EntryGrant {
    this.#names.of(entry.prefix);
    return this.#locked(() => this.#state.enter(entry));
  }

  settle(hold: Hold, succeeded: boolean): void {
    this.#locked(() => this.#state.settle(hold, succeeded));
  }

  release(hold: Hold): void {
    if (!this.#isClosed) this.#locked(() => this.#state.release(hold));
  }

  done(step: StepDone): void {
    this.#locked(() => this.#state.done(step));
  }

  serve(given: IdsServed): void {
    for (let from = 0; from < given.ids.length; from += IDS_AT_ONCE) {
      const ids = given.ids.slice(from, from + IDS_AT_ONCE);
      for (const id of ids) this.#names.of(id);
      this.#locked(() => this.#state.serve({ ...given, ids }));
    }
  }

  grantRedirect(grant: RedirectGrant): void {
    this.#locked(() => this.#state.grantRedirect(grant));
  }

  revoke(session: SessionRef, until: number, reason: EndReason): void {
    this.#locked(() => this.#state.revoke(session, until, reason));
  }

  endedBy(session: SessionRef, now: number): EndReason | '' {
    return this.#locked(() => this.#state.endedBy(session, now));
  }

  mayHaveEnded(session: SessionRef, now: number): boolean {
    return this.#locked(() => this.#state.mayHaveEnded(session, now));
  }

  usage(): StateUsage {
    return this.#state.usage();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#locked(() => lowerAll(this.#words, this.#open, this.#worker));
    this.#isClosed = true;
    Atomics.store(this.#flags, OPEN_WORKERS + this.#worker, 0);
  }

  #locked<Result>(work: () => Result): Result {
    this.#lock.acquire();
    try {
      const result = work();
      this.#words.checkpoint();
      return result;
    } finally {
      this.#leave();
    }
  }

  /** What came to its end has been noted as whole; anything else is taken back. */
  #leave(): void {
    this.#words.rollBack();
    this.#lock.release();
  }

  /** Names that are not known yet cost a hash each: made before the lock is taken. */
  #nameAhead({ prefix, subject, account, key, keyNonce, served }: Claims): void {
    for (const text of [prefix, subject, account, key, keyNonce]) if (text !== '') this.#names.of(text);
    for (const { id } of served) this.#names.of(id);
  }
}
