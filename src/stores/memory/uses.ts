import type { LimitScope } from '../../guard/config-use.ts';
import { NO_CROWD, payerOfCrowd, worthOf } from '../../guard/crowd.ts';
import type { Claims } from '../../guard/state.ts';
import type { ConcurrentRule, LimitRule } from '../../guard/use.ts';
import { noteLimit, ROUNDING, refuseBy } from '../../guard/use-result.ts';
import { Buckets } from './buckets.ts';
import { type Counts, OpenCounts, type Raised } from './open-counts.ts';
import { callerOf, NOBODY, type Payer } from './payer.ts';

/** Where it is counted: this thread's own maps, unless several share it. */
export interface UseTables {
  buckets(rule: LimitRule): Pick<Buckets, 'keep' | 'fullAt' | 'set' | 'move'>;
  counts(rule: ConcurrentRule): Counts;
  /** Sessions that count together with others of their network as well, and with which crowd. Forgotten with them. */
  readonly crowd: {
    /** 0: nobody does. */
    readonly size: number;
    get(session: Payer): string | undefined;
    set(session: Payer, crowd: string): void;
    delete(session: Payer): void;
  };
}

const ownTables = (): UseTables => ({
  buckets: ({ depth, wait }) => new Buckets(depth + wait),
  counts: () => new OpenCounts(),
  crowd: new Map<Payer, string>(),
});

/**
 * What has been used under the rules of use. A request is checked against all of its rules
 * first and counted in all of them or in none, both within one commit.
 */
export class Uses {
  readonly #tables: UseTables;
  readonly #crowd: UseTables['crowd'];
  readonly #buckets: ReturnType<UseTables['buckets']>[] = [];
  readonly #open: Counts[] = [];
  /** Of the request at hand, between check and apply of one commit: whom each rule counts, and when his bucket will be full. */
  readonly #payers: Payer[] = [];
  readonly #openPayers: Payer[] = [];
  readonly #fullAt: number[] = [];
  /** And with which crowd its session counts, and when the crowd's buckets will be full. */
  #crowdAtHand = NO_CROWD;
  readonly #crowdFullAt: number[] = [];

  constructor(tables = ownTables()) {
    this.#tables = tables;
    this.#crowd = tables.crowd;
  }

  /** Whether all rules have room, at steady time `now`; says what it found in `claims.used`. Counts nothing. */
  check(claims: Claims, now: number): boolean {
    const { used } = claims;
    const { limits, concurrent } = claims.use;
    const session = claims.sessionPlace === 0 ? NOBODY : callerOf(claims);
    for (let i = 0; i < concurrent.length; i++) {
      const rule = concurrent[i] as ConcurrentRule;
      const payer = rule.scope === 'session' ? session : payerOf(rule.scope, claims);
      this.#openPayers[i] = payer;
      if (payer === NOBODY || this.#openOf(rule).of(payer) < rule.most) continue;
      refuseBy(used, rule, 0);
      return false;
    }
    for (let i = 0; i < limits.length; i++) {
      const rule = limits[i] as LimitRule;
      const payer = rule.scope === 'session' ? session : payerOf(rule.scope, claims);
      this.#payers[i] = payer;
      if (payer === NOBODY) continue;
      const fullAt = this.#filledAt(rule, rule.interval, payer, claims, now);
      if (fullAt === 0) return false;
      this.#fullAt[i] = fullAt;
    }
    this.#crowdAtHand = this.#crowd.size === 0 || session === NOBODY ? NO_CROWD : this.crowdOf(session);
    return this.#crowdAtHand === NO_CROWD || this.#checkCrowd(this.#crowdAtHand, claims, now);
  }

  /** What sessions of a crowd have together, on top of what each of them has. */
  #checkCrowd(crowd: string, claims: Claims, now: number): boolean {
    const { limits, concurrent } = claims.use;
    const [payer, worth] = [payerOfCrowd(crowd), worthOf(crowd)];
    for (const rule of concurrent) {
      if (rule.scope !== 'session' || this.#openOf(rule).of(payer) < rule.most * worth) continue;
      refuseBy(claims.used, rule, 0);
      return false;
    }
    for (const [i, rule] of limits.entries()) {
      if (rule.scope !== 'session') continue;
      const fullAt = this.#filledAt(rule, rule.interval / worth, payer, claims, now);
      if (fullAt === 0) return false;
      this.#crowdFullAt[i] = fullAt;
    }
    return true;
  }

  /** When the bucket is full again if one more is taken, at so many milliseconds each; 0 where it has no room for it. */
  #filledAt(rule: LimitRule, interval: number, payer: Payer, { used, mayWait }: Claims, now: number): number {
    const fullAt = Math.max(this.#bucketsOf(rule).fullAt(payer, now), now) + interval;
    const excess = fullAt - now - rule.depth;
    const wait = mayWait ? rule.wait : 0;
    if (excess > wait + ROUNDING) {
      refuseBy(used, rule, excess - wait);
      return 0;
    }
    if (excess > used.delay) used.delay = excess;
    noteLimit(used, rule, fullAt - now, interval);
    return fullAt;
  }

  /** Counts the request, after {@link check} at the same moment; returns what it is counted as open in, null for nothing. */
  apply({ use: { limits, concurrent } }: Claims): readonly Raised[] | null {
    for (let i = 0; i < limits.length; i++) {
      const payer = this.#payers[i] ?? NOBODY;
      if (payer !== NOBODY) this.#bucketsOf(limits[i] as LimitRule).set(payer, this.#fullAt[i] ?? 0);
    }
    if (this.#crowdAtHand !== NO_CROWD) this.#applyCrowd(this.#crowdAtHand, limits);
    if (concurrent.length === 0) return null;
    const raised: Raised[] = [];
    for (let i = 0; i < concurrent.length; i++) {
      const payer = this.#openPayers[i] ?? NOBODY;
      if (payer !== NOBODY) raised.push(this.#openOf(concurrent[i] as ConcurrentRule).raise(payer));
    }
    if (this.#crowdAtHand !== NO_CROWD) {
      const payer = payerOfCrowd(this.#crowdAtHand);
      for (const rule of concurrent) if (rule.scope === 'session') raised.push(this.#openOf(rule).raise(payer));
    }
    return raised.length === 0 ? null : raised;
  }

  #applyCrowd(crowd: string, limits: readonly LimitRule[]): void {
    for (const [i, rule] of limits.entries())
      if (rule.scope === 'session') this.#bucketsOf(rule).set(payerOfCrowd(crowd), this.#crowdFullAt[i] ?? 0);
  }

  /** A session goes on under another number: somebody logged in or out in its browser. */
  move(from: Payer, to: Payer, now: number): void {
    for (const buckets of this.#buckets) buckets?.move(from, to, now);
  }

  /** The crowd that the session belongs to (guard/crowd.ts); '' for none. */
  crowdOf(session: Payer): string {
    return this.#crowd.get(session) ?? NO_CROWD;
  }

  join(session: Payer, crowd: string): void {
    this.#crowd.set(session, crowd);
  }

  leave(session: Payer): void {
    this.#crowd.delete(session);
  }

  #bucketsOf(rule: LimitRule): ReturnType<UseTables['buckets']> {
    const found = this.#buckets[rule.number];
    if (found !== undefined) {
      // Another policy may have raised the burst: what is owed by then has to be remembered for longer.
      found.keep(rule.depth + rule.wait);
      return found;
    }
    const made = this.#tables.buckets(rule);
    this.#buckets[rule.number] = made;
    return made;
  }

  #openOf(rule: ConcurrentRule): Counts {
    const open = this.#open[rule.number] ?? this.#tables.counts(rule);
    this.#open[rule.number] = open;
    return open;
  }
}

/** Whom a rule counts by that is wider than a session. It asks nothing of a request that has not what it counts by. */
function payerOf(scope: Exclude<LimitScope, 'session'>, claims: Claims): Payer {
  switch (scope) {
    case 'subject':
      return claims.subject;
    case 'key':
      return claims.account;
    case 'prefix':
      return claims.prefix;
    default:
      return scope;
  }
}
