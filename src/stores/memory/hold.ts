import type { Hold } from '../../guard/use.ts';

/** What one request took, as the functions that give it back: each is called once at most. */
export class MemoryHold implements Hold {
  readonly kind = 'memory';
  #undo: (() => void) | null;
  #lower: (() => void) | null;

  /**
   * @param undo for a call that failed: as if it had not been made
   * @param lower for one that ended: it is open no more
   */
  constructor(undo: (() => void) | null, lower: (() => void) | null) {
    this.#undo = undo;
    this.#lower = lower;
  }

  settle(succeeded: boolean): void {
    if (!succeeded) this.#undo?.();
    this.#undo = null;
  }

  /** What nobody has settled stands, and may be settled still. */
  release(): void {
    this.#lower?.();
    this.#lower = null;
  }
}
