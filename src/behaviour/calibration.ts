/**
 * How unusual a value is, told by the bulk of what was seen and by nothing else: the middle, and how far the next fifth reaches beyond
 * it. The few at the end do not say what is usual: as long as they are a minority, one in ten, they may be whatever they like.
 * The price is that a tail is taken to fall off as the bulk does.
 */

/** The share of all that lies below the value by which the fall is measured. */
const UPPER = 0.7;
const MIDDLE = 0.5;
/** From the middle to the upper value the share above it falls by so much. */
const BITS_BETWEEN = Math.log2((1 - MIDDLE) / (1 - UPPER));
/** Bits from which on hardly any of a bulk can be: whatever is there is something else. */
const FAR_BITS = 8;
/** Of all. */
const LEAST_KEPT = 0.9;
const ROUNDS = 8;
const BITS_AT_MIDDLE = -Math.log2(1 - MIDDLE);

/** Values of one kind: whole numbers from 0 to `values` - 1. */
export class Bulk {
  readonly counts: Float32Array;
  total = 0;
  middle = 0;
  /** From the middle to the upper value. */
  reach = 0;
  readonly #grain: number;

  /** @param grain the least reach: differences under it say nothing */
  constructor(values: number, grain: number) {
    this.counts = new Float32Array(values);
    this.#grain = grain;
  }

  learn(value: number): void {
    const at = Math.min(this.counts.length - 1, Math.max(0, Math.round(value)));
    this.counts[at] = (this.counts[at] as number) + 1;
    this.total += 1;
  }

  /** Multiplies all counts: what is old weighs less. */
  fade(factor: number): void {
    this.total = 0;
    for (let value = 0; value < this.counts.length; value += 1) {
      this.counts[value] = (this.counts[value] as number) * factor;
      this.total += this.counts[value] as number;
    }
  }

  /** Takes counts over: places and counts. Throws RangeError for a place that there is not. */
  restore(counts: readonly (readonly [place: number, count: number])[]): void {
    this.counts.fill(0);
    this.total = 0;
    for (const [place, count] of counts) {
      if (place >= this.counts.length) throw new RangeError('not a behaviour model: a value out of range');
      this.counts[place] = count;
      this.total += count;
    }
  }

  /**
   * Finds middle and reach anew: not for each value learned. What lies where hardly anything can by these is left out, and they are
   * found once more: a few that sit together at the far end are no tail of the others. At most one in ten is left out.
   */
  refresh(): void {
    let total = this.total;
    for (let round = 0; round < ROUNDS; round += 1) {
      this.middle = this.#below(MIDDLE * total);
      this.reach = Math.max(this.#grain, this.#below(UPPER * total) - this.middle);
      const far = this.middle + (this.reach * (FAR_BITS - BITS_AT_MIDDLE)) / BITS_BETWEEN;
      const kept = Math.max(this.#upTo(far), LEAST_KEPT * this.total);
      if (Math.abs(kept - total) < 0.5) return;
      total = kept;
    }
  }

  /**
   * Bits by which a value is unusual: 1 for the middle, one more for each halving of those above.
   *
   * @param wide times by which values may reach further than those that were seen
   */
  bits(value: number, wide = 1): number {
    if (value <= this.middle) return BITS_AT_MIDDLE / 2;
    return BITS_AT_MIDDLE + ((value - this.middle) / (wide * Math.max(this.reach, this.#grain))) * BITS_BETWEEN;
  }

  /** The value below which so many lie. */
  #below(many: number): number {
    let sum = 0;
    for (let value = 0; value < this.counts.length; value += 1) {
      const count = this.counts[value] as number;
      if (sum + count >= many && count > 0) return value + (many - sum) / count - 0.5;
      sum += count;
    }
    return 0;
  }

  #upTo(most: number): number {
    let sum = 0;
    for (let value = 0; value < Math.min(this.counts.length, most + 1); value += 1) sum += this.counts[value] as number;
    return sum;
  }
}

/** Steps of one bit by which scores are counted, and how many bits there are. */
const STEPS = 8;
const MOST_BITS = 64;
/** Nothing is said to be rarer than this. */
export const MOST_ODDS = 1e6;

/** What a score means: one in how many sessions of this app has one so high. */
export class Calibration {
  readonly bulk = new Bulk(MOST_BITS * STEPS, STEPS / 2);

  learn(score: number): void {
    this.bulk.learn(score * STEPS);
  }

  odds(score: number): number {
    if (this.bulk.total === 0) return 1;
    return Math.min(MOST_ODDS, 2 ** this.bulk.bits(score * STEPS));
  }
}
