import type { OrderRule } from '../../guard/order.ts';
import type { Claims } from '../../guard/state.ts';
import { ruleNameOf } from '../../guard/use.ts';
import { allows, latest, type Made, type StepsSeen } from '../memory/orders.ts';
import { callerOf, NOBODY, type Payer } from '../memory/payer.ts';
import type { Doings } from './doings.ts';
import type { Names } from './names.ts';

/** The steps of sessions and accounts: each a doing with the time of its last call, or with the calls made since then. */
export class SharedOrders {
  readonly #doings: Doings;
  readonly #names: Names;

  constructor(doings: Doings, names: Names) {
    this.#doings = doings;
    this.#names = names;
  }

  /** Whether every rule lets this call be made now; says in `claims.used` what is missing. Counts nothing. */
  check(claims: Claims, now: number): boolean {
    const caller = callerOf(claims);
    const steps = caller === NOBODY ? undefined : this.#stepsOf(caller);
    if (steps !== undefined && !this.#doings.hasRoom && claims.orders.some(({ atMost }) => atMost > 0)) {
      claims.used.retryAfter = 1;
      return false;
    }
    return claims.orders.every((rule) => allows(rule, steps, now, claims));
  }

  /** Counts the call under the rules that say how often, after {@link check}; returns what gives it back. */
  apply(claims: Claims): (() => void) | null {
    const caller = callerOf(claims);
    const counted = claims.orders.filter(({ atMost }) => atMost > 0);
    if (counted.length === 0 || caller === NOBODY) return null;
    const undo = counted.map((rule) => this.#count(rule, caller));
    return () => {
      for (const one of undo) one();
    };
  }

  /** A call of this step has succeeded. */
  done(caller: Payer, step: number, now: number): void {
    if (caller === NOBODY) return;
    const doing = this.#doings.make(this.#names.of(ruleNameOf(step)), caller);
    if (doing === 0) return;
    this.#doings.setTime(doing, now);
    this.#doings.setCount(doing, 1);
  }

  #count(rule: OrderRule, caller: Payer): () => void {
    const what = this.#names.of(rule.name);
    const since = latest(rule, this.#stepsOf(caller));
    const doing = this.#doings.make(what, caller);
    if (doing === 0) return () => {};
    // What is given back late is not taken off the next count: another time has another.
    const before = this.#doings.time(doing) === since ? this.#doings.count(doing) : 0;
    this.#doings.setTime(doing, since);
    this.#doings.setCount(doing, before + 1);
    const key = this.#doings.keyOf(doing);
    return () => {
      const now = this.#doings.at(key);
      if (now !== 0 && this.#doings.time(now) === since) this.#doings.setCount(now, this.#doings.count(now) - 1);
    };
  }

  #stepsOf(caller: Payer): StepsSeen {
    return {
      doneAt: { get: (step) => this.#doneAt(caller, step) },
      made: { get: (rule) => this.#made(caller, rule) },
    };
  }

  #doneAt(caller: Payer, step: number): number | undefined {
    const doing = this.#doings.find(this.#names.of(ruleNameOf(step)), caller);
    return doing === 0 ? undefined : this.#doings.time(doing);
  }

  #made(caller: Payer, rule: number): Made | undefined {
    const doing = this.#doings.find(this.#names.of(ruleNameOf(rule)), caller);
    return doing === 0 ? undefined : { since: this.#doings.time(doing), count: this.#doings.count(doing) };
  }
}
