/** Slots that wait to be judged: a ring that forgets none that it took, and takes no more than it has room for. */
export class Queue {
  readonly #slots: Uint32Array;
  #first = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#slots = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** False where it is full: whoever asks asks again. */
  push(slot: number): boolean {
    if (this.#size === this.#slots.length) return false;
    this.#slots[(this.#first + this.#size) % this.#slots.length] = slot;
    this.#size += 1;
    return true;
  }

  /** The one that waits for longest; -1 for none. */
  shift(): number {
    if (this.#size === 0) return -1;
    const slot = this.#slots[this.#first] as number;
    this.#first = (this.#first + 1) % this.#slots.length;
    this.#size -= 1;
    return slot;
  }
}
