/**
 * A bounded map that forgets in halves: when the young generation is full it becomes the old one and the old one is
 * dropped. Reading an old entry makes it young again. No order is kept and nothing is swept, so each step is a
 * constant number of map operations.
 */
export interface Generations<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
  /** Entries held, at most twice the limit. */
  readonly size: number;
}

/** `limit` is the number of entries of one generation; at least that many of the latest are remembered. */
export function createGenerations<V>(limit: number): Generations<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  const set = (key: string, value: V): void => {
    if (young.size >= limit && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };
  return {
    get(key) {
      const fresh = young.get(key);
      if (fresh !== undefined) return fresh;
      const aged = old.get(key);
      if (aged !== undefined) {
        old.delete(key);
        set(key, aged);
      }
      return aged;
    },
    set,
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
    clear() {
      young.clear();
      old.clear();
    },
    get size() {
      return young.size + old.size;
    },
  };
}
