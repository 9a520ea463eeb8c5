import type { OrderRule } from '../../guard/order.ts';
import type { Claims } from '../../guard/state.ts';
import { callerOf, NOBODY, type Payer } from './payer.ts';

/** What one session has done: bounded by the steps and rules that the configuration names. */
export interface Steps {
  /** Steady time of the last call of each step. */
  readonly doneAt: Map<number, number>;
  /** Calls under each rule since its steps were last done. */
  readonly made: Map<number, Made>;
}

export interface Made {
  since: number;
  count: number;
}

/** What of it is asked, wherever it is kept. */
export interface StepsSeen {
  readonly doneAt: Pick<Steps['doneAt'], 'get'>;
  readonly made: { get(rule: number): Readonly<Made> | undefined };
}

/** Partners' accounts whose steps are remembered: beyond, the one longest known is forgotten. */
const MOST_ACCOUNTS = 4096;

/** The steps of sessions, which are forgotten with them. */
export class Orders {
  readonly #sessions = new Map<Payer, Steps>();
  readonly #accounts = new Map<Payer, Steps>();

  get size(): number {
    return this.#sessions.size + this.#accounts.size;
  }

  /** Whether every rule lets this call be made now; says in `claims.used` what is missing. Counts nothing. */
  check(claims: Claims, now: number): boolean {
    const caller = callerOf(claims);
    const steps = caller === NOBODY ? undefined : this.of(caller);
    for (const rule of claims.orders) if (!allows(rule, steps, now, claims)) return false;
    return true;
  }

  /** Counts the call under the rules that say how often, after {@link check}; returns what gives it back. */
  apply(claims: Claims): (() => void) | null {
    let counted: Made[] | null = null;
    for (const rule of claims.orders) {
      if (rule.atMost === 0) continue;
      counted ??= [];
      counted.push(this.#count(rule, claims));
    }
    return counted === null ? null : undoing(counted);
  }

  /** A call of this step has succeeded. */
  done(caller: Payer, step: number, now: number): void {
    if (caller !== NOBODY) this.#made(caller).doneAt.set(step, now);
  }

  of(caller: Payer): Steps | undefined {
    return (typeof caller === 'number' ? this.#sessions : this.#accounts).get(caller);
  }

  /** A session goes on under another number: what it has done is done. */
  give(session: Payer, steps: Steps): void {
    this.#sessions.set(session, steps);
  }

  forget(session: Payer): void {
    this.#sessions.delete(session);
  }

  #made(caller: Payer): Steps {
    const known = this.of(caller);
    if (known !== undefined) return known;
    const steps = { doneAt: new Map<number, number>(), made: new Map<number, Made>() };
    if (typeof caller === 'number') {
      this.#sessions.set(caller, steps);
      return steps;
    }
    if (this.#accounts.size >= MOST_ACCOUNTS) {
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest);
        break;
      }
    }
    this.#accounts.set(caller, steps);
    return steps;
  }

  #count(rule: OrderRule, claims: Claims): Made {
    const steps = this.#made(callerOf(claims));
    const since = latest(rule, steps);
    const known = steps.made.get(rule.number);
    // Its own record for each time that the steps are done: what is given back late is not taken off the next count.
    const made = known !== undefined && known.since === since ? known : { since, count: 0 };
    made.count += 1;
    steps.made.set(rule.number, made);
    return made;
  }
}

const undoing = (counted: readonly Made[]) => (): void => {
  for (const made of counted) made.count -= 1;
};

/** Whether a rule lets a call be made now; says in `claims.used` what is missing. */
export function allows(rule: OrderRule, steps: StepsSeen | undefined, now: number, { used }: Claims): boolean {
  for (const { number, name } of rule.after) {
    const at = steps?.doneAt.get(number);
    if (at === undefined || (rule.within > 0 && now - at > rule.within)) {
      used.missing = name;
      return false;
    }
  }
  if (steps === undefined) return true;
  const since = latest(rule, steps);
  const early = rule.notBefore - (now - since);
  if (rule.notBefore > 0 && early > 0) {
    used.retryAfter = Math.ceil(early / 1000);
    return false;
  }
  const made = steps.made.get(rule.number);
  if (rule.atMost === 0 || made === undefined || made.since !== since || made.count < rule.atMost) return true;
  // Done anew, the steps allow the call anew; without any, it has been made as often as it may be.
  used.missing = rule.after[0]?.name ?? '';
  return false;
}

/** When the latest of the rule's steps was done; 0 for a rule without any. */
export function latest(rule: OrderRule, steps: StepsSeen): number {
  let at = 0;
  for (const { number } of rule.after) at = Math.max(at, steps.doneAt.get(number) ?? 0);
  return at;
}
