/** Somebody sleeps until the lock is given back. */
const AWAITED = 1 << 30;
const OWNER = AWAITED - 1;
/** Looks at the lock before sleeping: some microseconds, longer than nearly every step under it. */
const SPINS = 200;
/** Milliseconds of one sleep: whoever is not woken looks again. */
const NAP = 10;

/**
 * One lock in shared memory. The word is 0, or says which thread has it: so that the main thread can give it back for one
 * that has died with it.
 */
export class Lock {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #owner: number;
  readonly #patience: number;

  /** `owner`: from 1 on. `patience`: milliseconds after which whoever waits gives up. */
  constructor(buffer: SharedArrayBuffer, at: number, { owner, patience }: { owner: number; patience: number }) {
    this.#words = new Int32Array(buffer);
    this.#at = at;
    this.#owner = owner;
    this.#patience = patience;
  }

  /** Throws where nobody gives it back for too long: whoever has it has died, and the main thread has not noticed. */
  acquire(): void {
    if (Atomics.compareExchange(this.#words, this.#at, 0, this.#owner) !== 0) this.#wait();
  }

  release(): void {
    if ((Atomics.exchange(this.#words, this.#at, 0) & AWAITED) !== 0) Atomics.notify(this.#words, this.#at, 1);
  }

  /** Takes it from a thread that has died with it; false where it has not. */
  takeFrom(owner: number): boolean {
    const held = Atomics.load(this.#words, this.#at);
    if ((held & OWNER) !== owner) return false;
    // Whoever begins to wait meanwhile has changed the word.
    const taken = Atomics.compareExchange(this.#words, this.#at, held, this.#owner | AWAITED);
    return taken === held || this.takeFrom(owner);
  }

  /** Takes it where it is free. */
  tryAcquire(): boolean {
    return Atomics.compareExchange(this.#words, this.#at, 0, this.#owner) === 0;
  }

  #wait(): void {
    for (let spin = 0; spin < SPINS; spin += 1) {
      Atomics.pause();
      if (Atomics.load(this.#words, this.#at) === 0 && this.tryAcquire()) return;
    }
    const until = performance.now() + this.#patience;
    // From here on whoever gives it back wakes somebody, needed or not: one may sleep whom nobody has seen.
    while (Atomics.compareExchange(this.#words, this.#at, 0, this.#owner | AWAITED) !== 0) {
      const held = Atomics.load(this.#words, this.#at);
      if (held === 0) continue;
      if (performance.now() > until)
        throw new Error(`shared state: its lock was not given back in ${this.#patience} ms`);
      const awaited = held | AWAITED;
      if (held === awaited || Atomics.compareExchange(this.#words, this.#at, held, awaited) === held)
        Atomics.wait(this.#words, this.#at, awaited, NAP);
    }
  }
}
