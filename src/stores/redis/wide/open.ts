import { type Ask, Demand, type Got, MOST_AHEAD, type Share, type Try, type Waiter } from './share.ts';

/**
 * Milliseconds for which a process may have open what it said it has: those of one that was killed are free again by then.
 * It says so again three times as often.
 */
export const OPEN_LIFE = 9000;

/** Requests open at a time: this process's part of one counter. */
export class OpenShare implements Share {
  readonly key: string;
  state: Share['state'] = 'quiet';
  #most: number;
  #open = 0;
  /** May be open here, until then. */
  #level = 0;
  #till = 0;
  /** Whether others may want what is not needed here. */
  #tight = true;
  #waiting: Waiter[] = [];
  #asked: readonly Waiter[] = [];
  readonly #demand = new Demand();
  readonly #plan: () => void;

  /** @param plan asks for a call soon */
  constructor(key: string, most: number, plan: (share: Share) => void) {
    this.key = key;
    this.#most = most;
    this.#plan = () => plan(this);
  }

  /** Opens one at once; undefined where somebody has to be asked, who is {@link wait}. */
  take(most: number, now: number): Try | undefined {
    this.#most = most;
    if (this.#waiting.length > 0 || this.#open >= this.#level || now >= this.#till) return undefined;
    this.#open += 1;
    return this.#got(now);
  }

  wait(waiter: Waiter): void {
    this.#waiting.push(waiter);
  }

  ask(now: number, leaving: boolean): Ask {
    this.#asked = this.#waiting;
    this.#waiting = [];
    // Nothing more is opened until the answer is there.
    this.#level = this.#open;
    const lately = leaving || this.#tight ? 0 : Math.min(MOST_AHEAD, this.#demand.lately(now));
    const want = this.#asked.length;
    const ahead = Math.max(0, lately - want - this.#open);
    return { kind: 'open', most: this.#most, open: this.#open, want, ahead, life: OPEN_LIFE };
  }

  answered([granted = 0, level = 0, free = 0]: readonly number[], sent: number): void {
    this.#level = level;
    this.#till = sent + OPEN_LIFE;
    this.#tight = free <= this.#most / 4;
    for (const [place, waiter] of this.#asked.entries()) {
      if (place < granted) {
        this.#open += 1;
        waiter.resolve(this.#got(sent));
      } else waiter.resolve({ ok: false, wait: 1000 });
    }
    this.#asked = [];
  }

  failed(error: unknown): void {
    for (const waiter of this.#asked) waiter.reject(error);
    this.#asked = [];
  }

  due(now: number): boolean {
    if (this.#waiting.length > 0) return true;
    if (this.#open > 0 && this.#till - now < (2 * OPEN_LIFE) / 3) return true;
    return this.#level > this.#open && (this.#tight || this.#demand.lately(now) === 0);
  }

  idle(): boolean {
    return this.#open === 0 && this.#level === 0 && this.#waiting.length === 0;
  }

  waits(): boolean {
    return this.#waiting.length > 0;
  }

  lately(now: number): number {
    return this.#demand.lately(now);
  }

  /** Closes one. */
  close(): void {
    this.#open = Math.max(0, this.#open - 1);
    if (this.#tight) this.#plan();
  }

  #got(now: number): Got {
    this.#demand.note(now);
    return { ok: true, delay: 0, debt: 0, undo: () => this.close() };
  }
}
