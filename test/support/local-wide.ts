import type { Claims } from '../../src/guard/state.ts';
import { NO_USE } from '../../src/guard/use.ts';
import { SteadyClock } from '../../src/stores/memory/clock.ts';
import { Keys } from '../../src/stores/memory/keys.ts';
import { Mints } from '../../src/stores/memory/mints.ts';
import { Uses } from '../../src/stores/memory/uses.ts';
import { NOTHING_TAKEN, type Wide } from '../../src/stores/redis/wide/wide.ts';

/** Counters of one process, for tests of what lies in the session alone. */
export function createLocalWide(): Wide {
  const clock = new SteadyClock();
  const [mints, uses, keys] = [new Mints(), new Uses(), new Keys(1)];
  return {
    take(claims, crowd) {
      const now = clock.read(claims.now);
      const wide = widened(claims, crowd);
      if (wide.quotaCount > 0 && keys.check(wide, now) !== '') return null;
      if (wide.use !== NO_USE && !uses.check(wide, now)) return null;
      if (wide.quotaCount > 0) keys.apply(wide, now);
      const lower = wide.use === NO_USE ? null : uses.apply(wide);
      return lower === null ? NOTHING_TAKEN : { open: true, undo: lower, end: once(lower) };
    },
    mint: (prefix, perMinute, total, now) => mints.take(clock.read(now), prefix, perMinute, total),
    close: async () => {},
  };
}

function widened(claims: Claims, crowd: string): Claims {
  const isWide = ({ scope }: { readonly scope: string }) => scope !== 'session';
  const { limits, concurrent } = claims.use;
  const use = { limits: limits.filter(isWide), concurrent: concurrent.filter(isWide) };
  const any = use.limits.length + use.concurrent.length > 0;
  return { ...claims, keyNonce: '', use: crowd !== '' ? claims.use : any ? use : NO_USE };
}

function once(lower: () => void): () => void {
  let open = true;
  return () => {
    if (open) lower();
    open = false;
  };
}
