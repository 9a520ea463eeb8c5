import { type Ask, Demand, type Got, MOST_AHEAD, type Share, type Try, type Waiter } from './share.ts';

/** How much in each span of the wall clock. */
export interface Quota {
  readonly most: number;
  /** Milliseconds. */
  readonly per: number;
}

/** This process's part of one key's quota. What is taken ahead is counted as used, and given back while its span lasts. */
export class QuotaShare implements Share {
  readonly key: string;
  state: Share['state'] = 'quiet';
  #quota: Quota;
  #held = 0;
  #till = 0;
  /** Start of the span in which what is held was counted. */
  #span = 0;
  #back = 0;
  #waiting: Waiter[] = [];
  #asked: readonly Waiter[] = [];
  readonly #demand = new Demand();

  readonly #life: number;
  readonly #plan: () => void;

  /**
   * @param life milliseconds after which what is held ahead counts as spent
   * @param plan asks for a call soon
   */
  constructor(key: string, quota: Quota, life: number, plan: (share: Share) => void) {
    this.#life = life;
    this.key = key;
    this.#quota = quota;
    this.#plan = () => plan(this);
  }

  take(quota: Quota, now: number): Try | undefined {
    this.#quota = quota;
    if (this.#waiting.length > 0 || this.#held === 0 || now >= this.#till) return undefined;
    this.#held -= 1;
    return this.#got(now, this.#span);
  }

  wait(waiter: Waiter): void {
    this.#waiting.push(waiter);
  }

  ask(now: number, leaving: boolean): Ask {
    const lately = leaving ? 0 : Math.min(MOST_AHEAD, this.#demand.lately(now));
    const over = now >= this.#till ? this.#held : Math.max(0, this.#held - lately);
    this.#held -= over;
    this.#asked = this.#waiting;
    this.#waiting = [];
    const [back, want, ahead] = [this.#back + over, this.#asked.length, Math.max(0, lately - this.#held)];
    this.#back = 0;
    return { kind: 'quota', ...this.#quota, back, span: this.#span, want, ahead };
  }

  answered([granted = 0, share = 0, left = 0, span = 0]: readonly number[], sent: number): void {
    // What was held belongs to a span that is over.
    if (span !== this.#span) this.#held = 0;
    this.#span = span;
    this.#held += share;
    this.#till = sent + Math.min(left / 1000);
    for (const [place, waiter] of this.#asked.entries())
      waiter.resolve(place < granted ? this.#got(sent, span) : { ok: false, wait: left / 1000 });
    this.#asked = [];
  }

  failed(error: unknown): void {
    for (const waiter of this.#asked) waiter.reject(error);
    this.#asked = [];
  }

  due(now: number): boolean {
    if (this.#waiting.length > 0 || this.#back > 0) return true;
    return this.#held > 0 && (this.#till - now < this.#life / 2 || this.#demand.lately(now) === 0);
  }

  idle(): boolean {
    return this.#held === 0 && this.#back === 0 && this.#waiting.length === 0;
  }

  waits(): boolean {
    return this.#waiting.length > 0;
  }

  lately(now: number): number {
    return this.#demand.lately(now);
  }

  #got(now: number, span: number): Got {
    this.#demand.note(now);
    const undo = (): void => {
      if (span !== this.#span) return;
      this.#back += 1;
      this.#plan();
    };
    return { ok: true, delay: 0, debt: 0, undo };
  }
}
