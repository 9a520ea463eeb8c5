/**
 * What was verified, by the text it came in. Bounded by entries and by characters; when the young half is full it becomes
 * the old one and the old one is dropped.
 */
export interface TokenCache<V> {
  get(text: string): V | undefined;
  set(text: string, value: V): void;
  delete(text: string): void;
  clear(): void;
  readonly size: number;
}

interface Entry<V> {
  readonly text: string;
  readonly value: V;
}

const MAX_ENTRIES = 16_384;
const MAX_CHARACTERS = 16 * 1024 * 1024;
/**
 * Entries are found by the end of their text, which is of a signature or a seal, and then compared as a whole: hashing
 * a long text on each request would cost more than all the rest. Two that end alike take turns.
 */
const TAIL = 24;

export function createTokenCache<V>(entries = MAX_ENTRIES, characters = MAX_CHARACTERS): TokenCache<V> {
  let young = new Map<string, Entry<V>>();
  let old = new Map<string, Entry<V>>();
  let held = 0;

  function put(tail: string, entry: Entry<V>): void {
    if (young.size >= entries || held + entry.text.length > characters) {
      old = young;
      young = new Map();
      held = 0;
    }
    held += entry.text.length;
    young.set(tail, entry);
  }

  return {
    get(text) {
      const tail = text.slice(-TAIL);
      const fresh = young.get(tail);
      if (fresh !== undefined) return fresh.text === text ? fresh.value : undefined;
      const aged = old.get(tail);
      if (aged === undefined || aged.text !== text) return undefined;
      old.delete(tail);
      put(tail, aged);
      return aged.value;
    },
    set: (text, value) => put(text.slice(-TAIL), { text, value }),
    delete(text) {
      const tail = text.slice(-TAIL);
      young.delete(tail);
      old.delete(tail);
    },
    clear() {
      young.clear();
      old.clear();
      held = 0;
    },
    get size() {
      return young.size + old.size;
    },
  };
}
