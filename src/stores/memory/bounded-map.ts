interface Held<Value> {
  readonly value: Value;
  readonly place: number;
}

/**
 * A map that holds its latest `capacity` keys: a new one takes the place of the oldest. Nothing is ever iterated,
 * and what is out of date is the caller's to notice.
 */
export class BoundedMap<Value> {
  readonly #capacity: number;
  readonly #held = new Map<string, Held<Value>>();
  readonly #ring: string[] = [];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#held.size;
  }

  get(key: string): Value | undefined {
    return this.#held.get(key)?.value;
  }

  /** Returns the value that had to go, if any. A key that is there already keeps its place. */
  set(key: string, value: Value): Value | undefined {
    const known = this.#held.get(key);
    if (known !== undefined) {
      this.#held.set(key, { value, place: known.place });
      return undefined;
    }
    const oldest = this.#ring[this.#next];
    const lost = oldest === undefined ? undefined : this.#held.get(oldest);
    const goes = oldest !== undefined && lost?.place === this.#next;
    if (goes) this.#held.delete(oldest);
    this.#held.set(key, { value, place: this.#next });
    this.#ring[this.#next] = key;
    this.#next = (this.#next + 1) % this.#capacity;
    return goes ? lost?.value : undefined;
  }

  delete(key: string): void {
    this.#held.delete(key);
  }
}
