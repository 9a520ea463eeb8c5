import type { CounterClock } from './clock.ts';
import { COUNTERS } from './script.ts';
import type { Share } from './share.ts';
import type { ScriptRunner } from './wide.ts';

/** Counters of one call: longer ones would keep the server from everybody else. */
const MOST_AT_ONCE = 64;

/** Asks about shares: all that want it in one turn of the loop together, as far as they lie together. */
export class Calls {
  readonly #runner: ScriptRunner;
  readonly #clock: CounterClock;
  /** This process, in the server. */
  readonly #name: string;
  #planned: Share[] = [];
  readonly #under = new Set<Promise<void>>();
  #leaving = false;

  constructor(runner: ScriptRunner, clock: CounterClock, name: string) {
    this.#runner = runner;
    this.#clock = clock;
    this.#name = name;
  }

  /** A call about this one is made soon. While one is under way, the next is made when it has been answered. */
  plan(share: Share): void {
    if (share.state !== 'quiet') return;
    share.state = 'planned';
    if (this.#planned.length === 0) setImmediate(() => this.#flush());
    this.#planned.push(share);
  }

  /** Gives back what these hold, and waits for all that is under way. */
  async leave(shares: Iterable<Share>): Promise<void> {
    this.#leaving = true;
    for (const share of shares) if (!share.idle()) this.plan(share);
    this.#flush();
    await Promise.all(this.#under);
  }

  #flush(): void {
    const planned = this.#planned;
    this.#planned = [];
    for (const together of this.#runner.cluster ? byPlace(planned) : [planned]) {
      for (let at = 0; at < together.length; at += MOST_AT_ONCE) {
        const call = this.#call(together.slice(at, at + MOST_AT_ONCE));
        this.#under.add(call);
        void call.finally(() => this.#under.delete(call));
      }
    }
  }

  async #call(shares: readonly Share[]): Promise<void> {
    const sent = this.#clock.now();
    const { steady, wall } = this.#clock.told();
    const asks = shares.map((share) => {
      share.state = 'asked';
      return share.ask(sent, this.#leaving);
    });
    const args = [this.#name, steady, wall, this.#clock.slack, JSON.stringify(asks)];
    const keys = shares.map(({ key }) => key);
    try {
      const answers = toAnswers(await this.#runner.run(COUNTERS, keys, args), shares.length);
      const now = this.#clock.now();
      for (const [place, share] of shares.entries()) {
        share.state = 'quiet';
        share.answered(answers[place] ?? [], sent, now);
        if (!this.#leaving && share.due(now)) this.plan(share);
      }
    } catch (error) {
      for (const share of shares) {
        share.state = 'quiet';
        share.failed(error);
      }
      // Whoever came meanwhile is told by a call of its own.
      for (const share of shares) if (share.waits()) this.plan(share);
    }
  }
}

/** Names of places are between the first braces of keys (Redis Cluster specification, hash tags). */
function byPlace(shares: readonly Share[]): Iterable<readonly Share[]> {
  return Map.groupBy(shares, ({ key }) => key.slice(0, key.indexOf('}'))).values();
}

function toAnswers(found: unknown, count: number): readonly (readonly number[])[] {
  if (!Array.isArray(found) || found.length !== count || !found.every(isNumbers))
    throw new Error('redis: counters answered what they never answer');
  return found;
}

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(Number.isFinite);
