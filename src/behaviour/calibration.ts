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
const BITS_AT_MIDDLE = -Math.log2(1 - MIDDLE);

/** Values of one kind: whole numbers from 0 to `values` - 1. */
export class Bulk {
  readonly counts: Float32Array;
  total = 0;
  middle = 0;
  /** From the middle to the upper value. */
  reach = 0;

  constructor(values: number) {
    this.counts = new Float32Array(values);
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

  /** Finds middle and reach anew: not for each value learned. */
  refresh(): void {
    this.middle = this.#below(MIDDLE);
    this.reach = this.#below(UPPER) - this.middle;
  }

  /** Bits by which a value is unusual: 1 for the middle, one more for each halving of those above. `grain`: the least reach. */
  bits(value: number, grain: number): number {
    if (value <= this.middle) return BITS_AT_MIDDLE / 2;
    return BITS_AT_MIDDLE + ((value - this.middle) / Math.max(this.reach, grain)) * BITS_BETWEEN;
  }

  #below(share: number): number {
    let sum = 0;
    for (let value = 0; value < this.counts.length; value += 1) {
      const count = this.counts[value] as number;
      if (sum + count >= share * this.total && count > 0) return value + (share * this.total - sum) / count - 0.5;
      sum += count;
    }
    return 0;
  }
}

/** Steps of one bit by which scores are counted, and how many bits there are. */
const STEPS = 8;
const MOST_BITS = 64;
/** Nothing is said to be rarer than this. */
export const MOST_ODDS = 1e6;

/** What a score means: one in how many sessions of this app has one so high. */
export class Calibration {
  readonly bulk = new Bulk(MOST_BITS * STEPS);

  learn(score: number): void {
    this.bulk.learn(score * STEPS);
  }

  odds(score: number): number {
    if (this.bulk.total === 0) return 1;
    return Math.min(MOST_ODDS, 2 ** this.bulk.bits(score * STEPS, STEPS / 2));
  }
}
