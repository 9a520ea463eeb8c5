import { randomBytes } from 'node:crypto';
import type { Claims } from '../../../guard/state.ts';
import { type ConcurrentRule, type LimitRule, newUseResult, NO_USE } from '../../../guard/use.ts';
import { NO_CROWD, worthOf } from '../../../guard/crowd.ts';
import { whenKnown } from '../../../lib/eventually.ts';
import { Calls } from './calls.ts';
import { type CounterClock, SERVER_CLOCK } from './clock.ts';
import { OpenShare } from './open.ts';
import { payerOf, widerOf } from './payers.ts';
import { QuotaShare } from './quota.ts';
import { RateShare } from './rate.ts';
import type { Share } from './share.ts';
import { Shares } from './shares.ts';
import { takeAll, type Want } from './taking.ts';
import { NOTHING_TAKEN, type ScriptRunner, type Wide } from './wide.ts';

export interface WideOptions {
  /** Hides what is counted by, addresses and people, in the names of keys. The same in all processes. */
  readonly secret: string | Uint8Array;
  /** Before the names of all keys. Default `sallyport:`. */
  readonly prefix?: string;
  /** Default: the server's own. */
  readonly clock?: CounterClock;
}

/** A minute's worth of new sessions (stores/memory/mints.ts). */
const MINT_SPAN = 60_000;
/** Milliseconds that are no debt: what a limit of many owes for one. */
const MINT_ROUNDING = 0.5;
const MOST_MINTS_A_MINUTE = 2 ** 18;
/** No new visitor is told to wait longer (DESIGN §10). */
const LONGEST_MINT_WAIT = 20;

/** Counters in Redis, of which this process holds shares. */
export function createWide(
  runner: ScriptRunner,
  { secret, prefix = 'sallyport:', clock = SERVER_CLOCK }: WideOptions,
): Wide {
  const calls = new Calls(runner, clock, randomBytes(9).toString('hex'));
  const plan = (share: Share): void => calls.plan(share);
  const shares = new Shares(prefix, secret, clock.now, plan);

  const rate = (payer: string, rule: LimitRule, mayWait: boolean, now: number): Want => {
    const share = shares.find(
      `rate ${rule.name}|${payer}`,
      RateShare,
      (key) => new RateShare(key, rule, clock.aheadLife, plan),
    );
    return { share, rule, mayWait, found: share.take(rule, mayWait, now) };
  };
  const open = (payer: string, rule: ConcurrentRule, now: number): Want => {
    const share = shares.find(`open ${rule.name}|${payer}`, OpenShare, (key) => new OpenShare(key, rule.most, plan));
    return { share, rule, mayWait: false, found: share.take(rule.most, now) };
  };
  const quota = ({ key, quotaCount, quotaPer }: Claims, now: number): Want => {
    const asked = { most: quotaCount, per: quotaPer };
    const share = shares.find(`quota ${key}`, QuotaShare, (at) => new QuotaShare(at, asked, clock.aheadLife, plan));
    return { share, rule: null, mayWait: false, found: share.take(asked, now) };
  };

  /** One by one: what comes after one without room is not touched. */
  function* wantsOf(claims: Claims, crowd: string, now: number): Iterable<Want> {
    if (claims.key !== '' && claims.quotaCount > 0) yield quota(claims, now);
    const { limits, concurrent } = crowd === NO_CROWD ? widerOf(claims.use) : claims.use;
    const worth = crowd === NO_CROWD ? 1 : worthOf(crowd);
    for (const rule of concurrent) {
      const payer = payerOf(rule.scope, claims, crowd);
      const most = rule.scope === 'session' ? rule.most * worth : rule.most;
      if (payer !== '') yield open(payer, { ...rule, most }, now);
    }
    for (const rule of limits) {
      const payer = payerOf(rule.scope, claims, crowd);
      const interval = rule.scope === 'session' ? rule.interval / worth : rule.interval;
      if (payer !== '') yield rate(payer, { ...rule, interval }, claims.mayWait, now);
    }
  }

  function* mintsOf(prefix: string, perMinute: number, perMinuteTotal: number, now: number): Iterable<Want> {
    yield rate(prefix, mintRule('mint', perMinute), false, now);
    yield rate('', mintRule('mints', Math.min(perMinuteTotal, MOST_MINTS_A_MINUTE)), false, now);
  }

  return {
    take(claims, crowd) {
      const { use } = claims;
      const counts = use !== NO_USE && (crowd !== NO_CROWD || widerOf(use) !== NO_USE);
      if (!counts && (claims.key === '' || claims.quotaCount === 0)) return NOTHING_TAKEN;
      return takeAll(wantsOf(claims, crowd, clock.read(claims.now)), claims.used, plan);
    },
    mint(network, perMinute, perMinuteTotal, wall) {
      if (!(perMinute > 0 && perMinuteTotal > 0)) return LONGEST_MINT_WAIT;
      const used = newUseResult();
      const taken = takeAll(mintsOf(network, perMinute, perMinuteTotal, clock.read(wall)), used, plan);
      return whenKnown(taken, (one) => (one === null ? Math.min(LONGEST_MINT_WAIT, used.retryAfter) : 0));
    },
    close: () => calls.leave(shares.close()),
  };
}

function mintRule(name: string, perMinute: number): LimitRule {
  const scope = name === 'mint' ? 'prefix' : 'total';
  return { number: -1, name, scope, interval: MINT_SPAN / perMinute, depth: MINT_SPAN + MINT_ROUNDING, wait: 0 };
}
