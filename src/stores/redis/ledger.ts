import { randomBytes } from 'node:crypto';
import { roll, secondsUntilFree, spentOf } from '../../guard/account.ts';
import type { Cap, Entry, Ledger, LedgerLosses, Reserved } from '../../guard/ledger.ts';
import { createShortages } from '../records/shortages.ts';
import { createHidden } from './hidden.ts';
import { type Again, Remembered } from './money/remembered.ts';
import { MONEY, SPENT } from './money/script.ts';
import { type Change, stepText, toAccount } from './money/step.ts';
import type { ScriptRunner } from './wide/wide.ts';

/** Calls that one step reserves for, and what it gives back. */
const CALLS_AT_ONCE = 100;
const RETURNS_AT_ONCE = 500;
/** What waits to be given back while the server cannot be reached; beyond, it stays spent. */
const MOST_RETURNS = 10_000;
/** How often the server is asked whether it still knows what it acknowledged, for how long after the latest step. */
const BEAT_MS = 1000;
const BEATS_MS = 60_000;
/** The server forgets after two hours how far a process has come (script.ts); it begins anew before. */
const ANEW_MS = 3_600_000;

/** Steps of which nobody knows whether they were done. Beyond, what they gave back stays spent. */
const MOST_DOUBTS = 64;
const SETTLE_MS = 2000;
const NOTHING: Again = Object.freeze({ changes: [], calls: 0, lost: 0 });

export interface RedisLedgerOptions {
  /** Hides who spends: addresses and people are kept as keyed hashes. The same in all processes. */
  readonly secret: string | Uint8Array;
  /** Before the names of all keys. Default `sallyport:`. */
  readonly prefix?: string;
  /** As {@link Ledger.onLoss}. */
  readonly onLoss?: (losses: LedgerLosses) => void;
  /** Time as calls say it, for tests. Default: the server's, so that it matters to nobody what gates believe. */
  readonly callersTime?: boolean;
  /**
   * Milliseconds under a new master in which nothing is spent: until then all processes have written again what they remember.
   * Calls wait for so long. Default 2,000: twice as long as it takes a process to notice.
   */
  readonly settle?: number;
}

interface Job {
  readonly entries: readonly Entry[];
  resolve(found: Reserved): void;
  reject(error: unknown): void;
}

/**
 * Money counted on a Redis or Valkey server, or in one slot of a Cluster, by however many processes share it. Nothing is spent
 * ahead of need: each step reserves for all calls that came while the one before was under way, so that a process that is
 * killed loses what was in flight and nothing else.
 *
 * A server acknowledges before its replicas and its disk know. So each step carries a number, and where a server does not know
 * the latest one (it is another since, or it was restarted) this process writes again what it remembers, and counts what it does not.
 */
export function createRedisLedger(runner: ScriptRunner, options: RedisLedgerOptions): Ledger {
  return new RedisLedger(runner, options);
}

class RedisLedger implements Ledger {
  readonly lasts = true;
  readonly #runner: ScriptRunner;
  readonly #options: RedisLedgerOptions;
  readonly #prefix: string;
  readonly #hidden: (payer: string) => Buffer;
  readonly #shortages = createShortages();
  readonly #remembered = new Remembered();
  readonly #beat: NodeJS.Timeout;
  #jobs: Job[] = [];
  #returns: Change[] = [];
  #running: Promise<void> | null = null;
  /** This process, in the server; its latest step, and the latest that was acknowledged. */
  #name = '';
  #step = 0;
  #known = 0;
  #at = Number.NEGATIVE_INFINITY;
  /** What a step gave back of which nobody knows whether it was done. */
  #doubtful: { readonly step: number; readonly back: readonly Change[] }[] = [];
  /** Which ledger the server had; '' before the first answer. */
  #ledger = '';
  #wall = 0;
  readonly #listeners: ((losses: LedgerLosses) => void)[] = [];
  #losses: LedgerLosses = { rewritten: 0, lost: 0, emptied: 0 };

  constructor(runner: ScriptRunner, options: RedisLedgerOptions) {
    this.#runner = runner;
    this.#options = options;
    this.#prefix = `${options.prefix ?? 'sallyport:'}{money}`;
    this.#hidden = createHidden(options.secret, 'ledger');
    if (options.onLoss !== undefined) this.#listeners.push(options.onLoss);
    this.#beat = setInterval(() => {
      if (this.#known > 0 && performance.now() - this.#at < BEATS_MS) this.#pump(true);
    }, BEAT_MS);
    this.#beat.unref();
  }

  reserve(entries: readonly Entry[], wall: number): Reserved | Promise<Reserved> {
    this.#wall = wall;
    const known = this.#shortages.find(entries, wall);
    if (known !== null) return known;
    return new Promise<Reserved>((resolve, reject) => {
      this.#jobs.push({ entries, resolve, reject });
      this.#pump();
    });
  }

  giveBack(entries: readonly Entry[], amount: number): void {
    this.#shortages.forget(entries);
    const back = entries.map(({ cap, payer, slot }) => ({ account: this.#nameOf(cap, payer), cap, slot, amount }));
    this.#giveBack(back);
    this.#pump();
  }

  async spent(caps: readonly Cap[], wall: number): Promise<readonly number[]> {
    if (caps.length === 0) return [];
    const keys = caps.map((cap) => this.#nameOf(cap, ''));
    const [time = '', ...kept] = toTexts(await this.#runner.run(SPENT, keys, []));
    const now = this.#options.callersTime === true ? wall : Number(time);
    return caps.map((cap, place) => {
      const text = kept[place] ?? '';
      if (text === '') return 0;
      const account = toAccount(text);
      roll(account, cap, now);
      return spentOf(account);
    });
  }

  onLoss(listener: (losses: LedgerLosses) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    await this.#running;
    if (this.#returns.length > 0) this.#pump();
    await this.#running;
  }

  #nameOf(cap: Cap, payer: string): string {
    const name = `${this.#prefix}${cap.name}`;
    if (payer === '') return name;
    return `${name}|${this.#hidden(payer).toString('base64url').slice(0, 22)}`;
  }

  #giveBack(back: readonly Change[]): void {
    if (this.#returns.length + back.length <= MOST_RETURNS) this.#returns.push(...back);
  }

  #pump(beats = false): void {
    this.#running ??= this.#work(beats).finally(() => {
      this.#running = null;
      if (this.#jobs.length > 0) this.#pump();
    });
  }

  async #work(beats: boolean): Promise<void> {
    let first = beats;
    while (first || this.#jobs.length > 0 || this.#returns.length > 0) {
      first = false;
      const jobs = this.#jobs.splice(0, CALLS_AT_ONCE);
      const back = this.#returns.splice(0, RETURNS_AT_ONCE);
      try {
        await this.#do(jobs, back);
      } catch (error) {
        if (back.length > 0 && this.#doubtful.length < MOST_DOUBTS) this.#doubtful.push({ step: this.#step, back });
        for (const job of jobs) job.reject(error);
        // Returns go with the next call: a server that cannot be reached is not asked again and again.
        if (this.#jobs.length === 0) return;
      }
    }
  }

  /** One step: what calls reserve, and what others give back. */
  async #do(jobs: readonly Job[], back: readonly Change[]): Promise<void> {
    if (performance.now() - this.#at > ANEW_MS) this.#beginAnew();
    this.#step += 1;
    const calls = jobs.map(({ entries }) => entries);
    let [found, answers] = await this.#ask(calls, back, this.#known);
    let again = NOTHING;
    if (found.what === 'behind') {
      // It is another server, or it was restarted. What is still known here is done again.
      again = this.#remembered.since(found.step);
      [found, answers] = await this.#ask(calls, [...again.changes, ...back], found.step);
    }
    if (found.what !== 'done') throw new Error(`redis: the ledger answered ${found.what}`);
    this.#resolveDoubts(found.step);
    if (again !== NOTHING) this.#lose(again, found.ledger);
    this.#ledger = found.ledger;
    this.#known = this.#step;
    if (jobs.length + back.length > 0) this.#at = performance.now();
    const { settling } = found;
    if (settling > 0) {
      this.#remembered.add({
        step: this.#step,
        at: performance.now(),
        calls: again.calls,
        changes: [...again.changes, ...back],
      });
      this.#jobs.unshift(...jobs);
      if (jobs.length > 0) await new Promise((resolve) => setTimeout(resolve, settling));
      return;
    }
    const results = jobs.map(({ entries }, place) => this.#toReserved(entries, answers[place] ?? [], found.time));
    const granted = jobs.filter((_, place) => results[place]?.short === null);
    this.#remembered.add({
      step: this.#step,
      at: performance.now(),
      calls: granted.length + again.calls,
      changes: [...again.changes, ...back, ...granted.flatMap(({ entries }) => this.#changesOf(entries))],
    });
    for (const [place, job] of jobs.entries()) {
      const reserved = results[place];
      if (reserved !== undefined) job.resolve(reserved);
    }
  }

  #changesOf(entries: readonly Entry[]): Change[] {
    return entries.map(({ cap, payer, slot, amount }) => ({
      account: this.#nameOf(cap, payer),
      cap,
      slot,
      amount: -amount,
    }));
  }

  /** What was given back by steps that were not done is given back by the next. */
  #resolveDoubts(done: number): void {
    for (const doubt of this.#doubtful) if (doubt.step > done) this.#giveBack(doubt.back);
    this.#doubtful = [];
  }

  #lose({ calls, lost: forgotten }: Again, ledger: string): void {
    const { rewritten, lost, emptied } = this.#losses;
    this.#losses = {
      rewritten: rewritten + calls,
      lost: lost + forgotten,
      emptied: emptied + (ledger === this.#ledger ? 0 : 1),
    };
    for (const listener of this.#listeners) listener(this.#losses);
  }

  async #ask(
    calls: readonly (readonly Entry[])[],
    back: readonly Change[],
    low: number,
  ): Promise<[Found, readonly string[][]]> {
    const { settle = SETTLE_MS } = this.#options;
    const { keys, ...asked } = stepText(calls, back, (cap, payer) => this.#nameOf(cap, payer));
    const text = JSON.stringify({ ...asked, step: this.#step, low, settle, ledger: `${this.#name}.${this.#step}` });
    const time = this.#options.callersTime === true ? this.#wall : '';
    const marks = [`${this.#prefix}step ${this.#name}`, `${this.#prefix}ledger`, `${this.#prefix}tenure`];
    const answer = await this.#runner.run(MONEY, [...marks, ...keys], [time, text]);
    if (!Array.isArray(answer)) throw new Error('redis: the ledger answered what it never answers');
    const [what = '', now = '', step = '', ledger = ''] = toTexts(answer.slice(0, 4));
    const answers = answer.slice(4).map(toTexts);
    const settling = answers[0]?.[0] === '2' ? Number(answers[0][1]) : 0;
    return [{ what, time: Number(now), step: Number(step), ledger, settling }, answers];
  }

  #toReserved(entries: readonly Entry[], answer: readonly string[], now: number): Reserved {
    const [granted, ...rest] = answer;
    if (granted === '1') {
      for (const [place, entry] of entries.entries()) entry.slot = Number(rest[2 * place]);
      return { short: null, spent: entries.map((_, place) => Number(rest[2 * place + 1])) };
    }
    const [place = '1', account = '', whole = ''] = rest;
    const entry = entries[Number(place) - 1];
    if (entry === undefined) throw new Error('redis: the ledger answered what it never answers');
    const retryAfter = secondsUntilFree(entry, toAccount(account), whole === '' ? null : toAccount(whole), now);
    const found = { short: entry.cap, retryAfter };
    this.#shortages.note(entries, found, this.#wall);
    return found;
  }

  #beginAnew(): void {
    this.#name = randomBytes(9).toString('base64url');
    this.#doubtful = [];
    this.#step = 0;
    this.#known = 0;
    this.#remembered.clear();
  }
}

interface Found {
  readonly what: string;
  /** Of the server, in milliseconds. */
  readonly time: number;
  /** How far this process had come, as far as the server knows. */
  readonly step: number;
  readonly ledger: string;
  /** Milliseconds in which nothing is spent yet. */
  readonly settling: number;
}

function toTexts(found: unknown): string[] {
  if (!Array.isArray(found)) throw new Error('redis: the ledger answered what it never answers');
  return found.map(String);
}
