/**
 * Which call follows which: how many sessions went from one route to another, at least once each. Halved now and then, so that
 * what nobody does any more is forgotten. A session counts once for a move, however often it makes it: whoever makes one call a
 * thousand times says no more than whoever makes it twice.
 */

/** Routes that are told apart; all further ones are one. */
export const MOST_ROUTES = 256;
/** What comes before the first call. */
export const START = 0;

/** What is added to each count: unseen is unlikely, never impossible. */
const SMOOTHING = 0.5;
/** Bits beyond which a move is not more surprising still. */
export const MOST_SURPRISE = 12;

export class Transitions {
  readonly counts = new Float32Array(MOST_ROUTES * MOST_ROUTES);
  readonly #totals = new Float64Array(MOST_ROUTES);
  #known = 1;
  /** Moves of the session that is being learned, so that each counts once. */
  readonly #seen = new Uint32Array(MOST_ROUTES * MOST_ROUTES);
  #session = 0;

  /** How surprising it is, in bits, that `to` comes after `from`. */
  surprise(from: number, to: number): number {
    const count = this.counts[from * MOST_ROUTES + to] as number;
    const total = this.#totals[from] as number;
    return Math.min(MOST_SURPRISE, Math.log2((total + SMOOTHING * this.#known) / (count + SMOOTHING)));
  }

  /** Learns the path of one session: routes by their numbers, `length` of them from `at` on. */
  learn(path: Uint8Array, at: number, length: number): void {
    this.#session += 1;
    let from = START;
    for (let index = 0; index < length; index += 1) {
      const to = path[at + index] as number;
      const move = from * MOST_ROUTES + to;
      if (this.#seen[move] !== this.#session) {
        this.#seen[move] = this.#session;
        this.counts[move] = (this.counts[move] as number) + 1;
        this.#totals[from] = (this.#totals[from] as number) + 1;
        if (to >= this.#known) this.#known = to + 1;
      }
      from = to;
    }
  }

  /** Multiplies all counts. */
  fade(factor: number): void {
    for (let index = 0; index < this.counts.length; index += 1)
      this.counts[index] = (this.counts[index] as number) * factor;
    this.#sum();
  }

  /** Takes counts over, as {@link entries} gave them. Throws RangeError for what is no move. */
  restore(entries: readonly (readonly [from: number, to: number, count: number])[]): void {
    this.counts.fill(0);
    for (const [from, to, count] of entries) {
      if (!isRoute(from) || !isRoute(to) || !(count >= 0 && count < 1e12)) throw new RangeError('not a move');
      this.counts[from * MOST_ROUTES + to] = count;
    }
    this.#sum();
  }

  /** Moves that were made. */
  entries(): [from: number, to: number, count: number][] {
    const found: [number, number, number][] = [];
    for (const [index, count] of this.counts.entries())
      if (count > 0.01) found.push([Math.floor(index / MOST_ROUTES), index % MOST_ROUTES, count]);
    return found;
  }

  #sum(): void {
    this.#known = 1;
    for (let from = 0; from < MOST_ROUTES; from += 1) {
      let total = 0;
      for (let to = 0; to < MOST_ROUTES; to += 1) {
        const count = this.counts[from * MOST_ROUTES + to] as number;
        total += count;
        if (count > 0 && to >= this.#known) this.#known = to + 1;
      }
      this.#totals[from] = total;
    }
  }
}

const isRoute = (number: number): boolean => Number.isInteger(number) && number >= 0 && number < MOST_ROUTES;
