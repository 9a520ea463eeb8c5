import type { Claims } from '../../src/guard/state.ts';
import { NO_USE } from '../../src/guard/use.ts';
import { SteadyClock } from '../../src/stores/memory/clock.ts';
import { Mints } from '../../src/stores/memory/mints.ts';
import { sessionPayer } from '../../src/stores/memory/payer.ts';
import { Uses } from '../../src/stores/memory/uses.ts';
import { NOTHING_TAKEN, type Wide } from '../../src/stores/redis/wide/wide.ts';

/** Counters of one process, for tests of what lies in the session alone. */
export function createLocalWide(): Wide {
  const clock = new SteadyClock();
  const [mints, uses] = [new Mints(), new Uses()];
  const quotas = new Map<string, { span: number; count: number }>();
  return {
    take(claims, crowd) {
      const now = clock.read(claims.now);
      const wide = widened(claims, crowd);
      const payer = sessionPayer(claims.sessionPlace, claims.sessionIdLow);
      if (crowd === '') uses.leave(payer);
      else uses.join(payer, crowd);
      const quota = quotas.get(claims.key) ?? { span: 0, count: 0 };
      const span = claims.quotaCount > 0 ? claims.now - (claims.now % claims.quotaPer) : 0;
      if (claims.quotaCount > 0 && span <= quota.span && quota.count >= claims.quotaCount) return null;
      if (wide.use !== NO_USE && !uses.check(wide, now)) return null;
      if (claims.quotaCount > 0) {
        quotas.set(claims.key, { span: Math.max(span, quota.span), count: span > quota.span ? 1 : quota.count + 1 });
      }
      const lower = wide.use === NO_USE ? null : uses.apply(wide);
      if (lower === null && claims.quotaCount === 0) return NOTHING_TAKEN;
      const end = once(lower ?? (() => {}));
      const undo = (): void => {
        end();
        const counted = quotas.get(claims.key);
        if (claims.quotaCount > 0 && counted !== undefined) counted.count -= 1;
      };
      return { open: lower !== null, undo, end };
    },
    mint: (prefix, perMinute, total, now) => mints.take(clock.read(now), prefix, perMinute, total),
    close: async () => {},
  };
}

/** The claims with those rules alone that count more than a session. */
function widened(claims: Claims, crowd: string): Claims {
  const isWide = ({ scope }: { readonly scope: string }) => scope !== 'session';
  const { limits, concurrent } = claims.use;
  const use = { limits: limits.filter(isWide), concurrent: concurrent.filter(isWide) };
  const any = use.limits.length + use.concurrent.length > 0;
  return { ...claims, use: crowd !== '' ? claims.use : any ? use : NO_USE };
}

function once(lower: () => void): () => void {
  let open = true;
  return () => {
    if (open) lower();
    open = false;
  };
}
