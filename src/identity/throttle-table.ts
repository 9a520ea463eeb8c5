/** A map that holds so many entries and drops the one that was written longest ago. */
export interface Table<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  /** Looks at every entry: for rare events only. */
  deleteWhere(fits: (key: string) => boolean): void;
  readonly size: number;
}

export function createTable<V>(limit: number): Table<V> {
  const entries = new Map<string, V>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= limit) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    deleteWhere(fits) {
      for (const key of entries.keys()) if (fits(key)) entries.delete(key);
    },
    get size() {
      return entries.size;
    },
  };
}
