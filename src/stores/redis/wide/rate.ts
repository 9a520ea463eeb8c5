import type { LimitRule } from '../../../guard/use.ts';
import { type Ask, Demand, type Got, MOST_AHEAD, type Share, type Try, type Waiter } from './share.ts';

/** Milliseconds by which a refund must come before the bucket is full: it would be worth something to somebody else then. */
const REFUND_MARGIN = 50;
const MOST_REFUNDS = 1024;
/** A refusal is repeated here for so long at most before anybody is asked again. */
const MOST_KNOWN = 1000;

/** How a bucket fills: the part of a limit that counters know. */
export type Rate = Pick<LimitRule, 'interval' | 'depth' | 'wait'>;

/** This process's part of one bucket. */
export class RateShare implements Share {
  readonly key: string;
  state: Share['state'] = 'quiet';
  #rule: Rate;
  /** Held ahead, until then. */
  #held = 0;
  #till = 0;
  #lastSpent = 0;
  /** When the bucket will be full again: from the last answer, and what was spent here since. For people. */
  #fullAt = 0;
  /** Until when the bucket is not full, whatever others give back of what they hold. */
  #chargedUntil = 0;
  /** There is no room before, as far as is known; and until when it is believed. */
  #roomAt = 0;
  #knownUntil = 0;
  /** What the call under way says is kept. */
  #kept = 0;
  #waiting: Waiter[] = [];
  #asked: readonly Waiter[] = [];
  readonly #demand = new Demand();
  /** Calls so far, and the first since which the bucket has never been full: what was charged since can be given back. */
  #calls = 0;
  #unbrokenSince = 1;
  /** Calls in which what is to be given back was charged. */
  #refunds: number[] = [];

  readonly #life: number;
  readonly #plan: () => void;

  /**
   * @param life milliseconds after which what is held ahead counts as spent
   * @param plan asks for a call soon
   */
  constructor(key: string, rule: Rate, life: number, plan: (share: Share) => void) {
    this.#life = life;
    this.key = key;
    this.#rule = rule;
    this.#plan = () => plan(this);
  }

  /** Takes one at once; undefined where somebody has to be asked, who is {@link wait}. */
  take(rule: Rate, mayWait: boolean, now: number): Try | undefined {
    this.#rule = rule;
    if (this.#waiting.length > 0) return undefined;
    if (this.#held > 0 && now < this.#till) {
      this.#held -= 1;
      this.#lastSpent = now;
      this.#fullAt = Math.max(this.#fullAt, now) + rule.interval;
      return this.#got(now, 0, this.#calls + 1);
    }
    const wait = this.#roomAt - now - (mayWait ? rule.wait : 0);
    return wait > 0 && now < this.#knownUntil ? { ok: false, wait } : undefined;
  }

  wait(waiter: Waiter): void {
    this.#waiting.push(waiter);
  }

  ask(now: number, leaving: boolean): Ask {
    if (now >= this.#till) this.#held = 0;
    const { interval, depth, wait } = this.#rule;
    const wanted = leaving ? 0 : Math.min(MOST_AHEAD, this.#demand.lately(now));
    const held = this.#held;
    this.#kept = Math.min(held, wanted);
    this.#held = this.#kept;
    this.#calls += 1;
    // Who may wait comes last: so whoever may not has what there is.
    this.#asked = this.#waiting.toSorted((a, b) => Number(a.mayWait) - Number(b.mayWait));
    this.#waiting = [];
    const late = wait > 0 ? this.#asked.filter(({ mayWait }) => mayWait).length : 0;
    const idle = Math.max(0, now - this.#lastSpent);
    const refund = this.#refundable(now);
    const [want, ahead] = [this.#asked.length, wanted - this.#kept];
    return {
      kind: 'rate',
      interval,
      depth,
      wait,
      held,
      keep: this.#kept,
      idle,
      refund,
      want,
      late,
      ahead,
      life: this.#life,
    };
  }

  answered(answer: readonly number[], sent: number, now: number): void {
    const [granted = 0, late = 0, excess = 0, mine = 0, debt = 0, charged = 0] = answer;
    const { interval } = this.#rule;
    // It was full in between: what was charged before has been forgiven, and is nothing to give back.
    if (this.#chargedUntil <= now) this.#unbrokenSince = this.#calls;
    this.#chargedUntil = sent + charged / 1000;
    const meanwhile = this.#kept - this.#held;
    this.#held = Math.max(0, mine - meanwhile);
    this.#fullAt = sent + debt / 1000 + meanwhile * interval;
    this.#till = sent + this.#life;
    const wait = excess / 1000 + late * interval;
    const short = this.#asked.length > granted + late;
    this.#roomAt = short ? sent + wait : 0;
    this.#knownUntil = short ? sent + Math.min(wait, MOST_KNOWN) : 0;
    for (const [place, waiter] of this.#asked.entries()) {
      const delay = place < granted ? 0 : Math.max(0, excess / 1000 + (place - granted) * interval);
      if (place < granted + late) waiter.resolve(this.#got(sent, delay, this.#calls));
      else waiter.resolve({ ok: false, wait: wait - (waiter.mayWait ? this.#rule.wait : 0) });
    }
    this.#asked = [];
  }

  failed(error: unknown): void {
    // Nobody knows what was charged.
    this.#unbrokenSince = this.#calls + 1;
    for (const waiter of this.#asked) waiter.reject(error);
    this.#asked = [];
  }

  due(now: number): boolean {
    if (this.#waiting.length > 0 || this.#refunds.length > 0) return true;
    return this.#held > 0 && (this.#till - now < this.#life / 2 || this.#demand.lately(now) === 0);
  }

  idle(): boolean {
    return this.#held === 0 && this.#waiting.length === 0 && this.#refunds.length === 0;
  }

  waits(): boolean {
    return this.#waiting.length > 0;
  }

  lately(now: number): number {
    return this.#demand.lately(now);
  }

  #got(now: number, delay: number, charged: number): Got {
    this.#demand.note(now);
    const debt = Math.max(0, this.#fullAt - now);
    return { ok: true, delay, debt, undo: () => this.#undo(charged) };
  }

  #undo(charged: number): void {
    this.#roomAt = 0;
    // Not told to anybody yet: it is held as before.
    if (charged > this.#calls) {
      this.#held += 1;
      this.#fullAt -= this.#rule.interval;
    } else {
      if (this.#refunds.length < MOST_REFUNDS) this.#refunds.push(charged);
      this.#plan();
    }
  }

  /** Of what is to be given back, how many can be: only while the bucket has not been full since. */
  #refundable(now: number): number {
    const unbroken = this.#chargedUntil > now + REFUND_MARGIN;
    const count = unbroken ? this.#refunds.filter((charged) => charged >= this.#unbrokenSince).length : 0;
    this.#refunds = [];
    return count;
  }
}
