import { hash } from 'node:crypto';

/** 64 bits that stand for a text. */
export interface Name {
  readonly high: number;
  readonly low: number;
}

/** Names remembered in each of two generations: making one costs a microsecond. */
const MOST = 8192;

/** Odd numbers: what is combined by different ones stays apart, and none is lost. */
const BY = 0x9e3779b1;
const OF = 0x85ebca77;

/**
 * What texts are kept by: half of a hash with a key of this shared memory. Nobody outside can choose two that meet, and of
 * a million texts two have the same name once in some ten million times.
 */
export class Names {
  readonly #key: string;
  #recent = new Map<string, Name>();
  #older = new Map<string, Name>();

  constructor(key: string) {
    this.#key = key;
  }

  of(text: string): Name {
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const name = this.#older.get(text) ?? this.#make(text);
    if (this.#recent.size >= MOST) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, name);
    return name;
  }

  #make(text: string): Name {
    const bytes = hash('sha256', this.#key + text, 'buffer');
    return { high: bytes.readUInt32BE(0), low: bytes.readUInt32BE(4) };
  }
}

/** A key of what, by whom. */
export function keyBy(what: Name, by: Name): Name {
  return { high: (what.high ^ Math.imul(by.high, BY)) >>> 0, low: (what.low ^ Math.imul(by.low, BY)) >>> 0 };
}

/** A key of one of those. */
export function keyOf(key: Name, one: Name): Name {
  return { high: (key.high ^ Math.imul(one.high, OF)) >>> 0, low: (key.low ^ Math.imul(one.low, OF)) >>> 0 };
}
