import type { Endings } from './endings.ts';
import { endingItem } from './session-items.ts';
import type { Calls, Item } from './calls.ts';
import type { Times } from './times.ts';

export interface Tenures {
  /** An answer says of whose tenure it is. */
  heard(partitions: readonly number[], stamp: string): void;
  /** Lets every partition note under whom it is now. */
  begin(): Promise<void>;
  close(): void;
}

const BEAT_MS = 1000;

/**
 * Watches who is master: after a restart or a failover every partition notes when that one's tenure began, and hears again
 * which sessions were ended, for that may have been the last thing the one before did not pass on.
 */
export function createTenures(calls: () => Calls, endings: Endings, partitions: number, times: Times): Tenures {
  /** Under whom each partition was last; '' where nobody knows. */
  const stamps: string[] = new Array<string>(partitions).fill('');
  const untold = new Set<number>(stamps.keys());

  const tell = async (): Promise<void> => {
    if (untold.size === 0) return;
    const some = new Set(untold);
    untold.clear();
    const [now, time] = [times.now(), times.of()];
    const items: Item[] = [...some].map((z) => ({ k: 'tick', z, ...time }));
    for (const [session, { partition, until, reason }] of endings.of(some, now)) {
      items.push(endingItem({ session, partition, life: until - now, reason }, time));
    }
    const told = await Promise.allSettled(items.map((item) => calls().call(item)));
    for (const [index, { status }] of told.entries()) if (status === 'rejected') untold.add(items[index]?.z ?? 0);
  };

  const beat = (): void => {
    void tell();
    const time = times.of();
    const seen = new Set<string>();
    for (const [z, stamp] of stamps.entries()) {
      if (seen.has(stamp)) continue;
      seen.add(stamp);
      // Its answer is heard; who does not answer is asked again.
      calls()
        .call({ k: 'tick', z, ...time })
        .catch(() => {});
    }
  };

  const timer = setInterval(beat, BEAT_MS).unref();

  /** All that were under the same master are under another now, as far as anybody can tell. */
  const changed = (before: string): void => {
    for (const [partition, stamp] of stamps.entries()) {
      if (stamp !== before) continue;
      stamps[partition] = '';
      untold.add(partition);
    }
  };

  return {
    heard(some, stamp) {
      const toldBefore = untold.size === 0;
      for (const partition of some) {
        const before = stamps[partition] ?? '';
        if (before === stamp) continue;
        if (before !== '') changed(before);
        stamps[partition] = stamp;
      }
      if (toldBefore) void tell();
    },
    begin: tell,
    close: () => clearInterval(timer),
  };
}
