import type { Records } from '../guard/records.ts';

const FLUSH_MS = 5000;

interface Count {
  readonly key: string;
  readonly day: string;
  requests: number;
  refused: number;
  lastUsed: number;
}

export interface Usage {
  add(id: string, now: number, refused: boolean): void;
  /** Writes what was counted since the last time. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * What keys are used for, counted here and written every few seconds in one go: a request waits for nothing. A process
 * that is killed loses the counts of those seconds, never a quota of its own.
 */
export function createUsage(records: Records): Usage {
  let counts = new Map<string, Count>();
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    const taken = [...counts.values()];
    counts = new Map();
    if (taken.length === 0) return;
    try {
      await records.keys.count(taken.map(({ key, day, requests, refused }) => ({ key, day, requests, refused })));
    } catch {
      // Records cannot be written now. Keys are few, so what was counted is kept for the next time.
      for (const count of taken) merge(count);
      return;
    }
    // Lost, it is made good by the next use.
    await records.keys.touch(taken.map(({ key: id, lastUsed }) => ({ id, lastUsed }))).catch(() => {});
  };

  const merge = (count: Count): void => {
    const name = `${count.day} ${count.key}`;
    const present = counts.get(name);
    if (present === undefined) {
      counts.set(name, count);
      return;
    }
    present.requests += count.requests;
    present.refused += count.refused;
    present.lastUsed = Math.max(present.lastUsed, count.lastUsed);
  };

  const flush = (): Promise<void> => {
    writing = writing.then(write);
    return writing;
  };

  return {
    add(key, now, refused) {
      const day = new Date(now).toISOString().slice(0, 10);
      merge({ key, day, requests: refused ? 0 : 1, refused: refused ? 1 : 0, lastUsed: refused ? 0 : now });
      timer ??= setTimeout(() => {
        timer = null;
        void flush();
      }, FLUSH_MS).unref();
    },
    flush,
    async close() {
      if (timer !== null) clearTimeout(timer);
      await flush();
    },
  };
}
