import type { Hold } from '../../guard/use.ts';
import type { Raised } from './open-counts.ts';

/** What one request took: each is given back once at most. */
export class MemoryHold implements Hold {
  readonly kind = 'memory';
  #undo: (() => void) | null;
  #open: readonly Raised[] | null;

  /**
   * @param undo for a call that failed: as if it had not been made
   * @param open for one that ended: it is open no more
   */
  constructor(undo: (() => void) | null, open: readonly Raised[] | null) {
    this.#undo = undo;
    this.#open = open;
  }

  settle(succeeded: boolean): void {
    if (!succeeded) this.#undo?.();
    this.#undo = null;
  }

  /** What nobody has settled stands, and may be settled still. */
  release(): void {
    const open = this.#open;
    this.#open = null;
    if (open !== null) for (const one of open) one.lower();
  }
}
