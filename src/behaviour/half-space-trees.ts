import type { Seeded } from './seeded.ts';

/**
 * Half-space trees (Tan, Ting, Liu: Fast anomaly detection for streaming data, IJCAI 2011): trees that cut the space of features at
 * places drawn beforehand, and count how many points of a window fall where. A point is unusual where few fell. Two windows: what
 * the latest counts goes by once it is full, so that the model follows an app that changes.
 */

export interface HalfSpaceTreesOptions {
  readonly dimensions: number;
  readonly random: Seeded;
  /** Default 32. */
  readonly trees?: number;
  /** Cuts from the root to a leaf. Default 7. */
  readonly depth?: number;
  /** Points of one window. */
  readonly window: number;
}

/** Fewer points than this in a node say nothing of its halves. */
const FEWEST = 8;

export class HalfSpaceTrees {
  readonly #dimensions: number;
  readonly #trees: number;
  readonly #depth: number;
  readonly #nodes: number;
  readonly #window: number;
  readonly #cutDimension: Uint8Array;
  readonly #cutAt: Float32Array;
  /** Points in each node: by the reference, and by the latest window. */
  readonly reference: Float32Array;
  readonly latest: Float32Array;
  #total = 0;
  #pending = 0;

  constructor({ dimensions, random, trees = 32, depth = 7, window }: HalfSpaceTreesOptions) {
    this.#dimensions = dimensions;
    this.#trees = trees;
    this.#depth = depth;
    this.#window = window;
    this.#nodes = 2 ** (depth + 1) - 1;
    this.#cutDimension = new Uint8Array(trees * this.#nodes);
    this.#cutAt = new Float32Array(trees * this.#nodes);
    this.reference = new Float32Array(trees * this.#nodes);
    this.latest = new Float32Array(trees * this.#nodes);
    for (let tree = 0; tree < trees; tree += 1) this.#build(tree, random);
  }

  /** How unusual a point is, in bits: the mean over the trees of how much emptier than even its corner is. 0 until a window is full. */
  bits(point: Float32Array): number {
    if (this.#total === 0) return 0;
    let sum = 0;
    for (let tree = 0; tree < this.#trees; tree += 1) {
      let node = 0;
      let depth = 0;
      const base = tree * this.#nodes;
      while (depth < this.#depth && (this.reference[base + node] as number) >= FEWEST) {
        node = this.#child(base, node, point);
        depth += 1;
      }
      sum += Math.log2(this.#total / ((this.reference[base + node] as number) + 0.5)) - depth;
    }
    return Math.max(0, sum / this.#trees);
  }

  learn(point: Float32Array): void {
    for (let tree = 0; tree < this.#trees; tree += 1) {
      let node = 0;
      const base = tree * this.#nodes;
      for (let depth = 0; ; depth += 1) {
        this.latest[base + node] = (this.latest[base + node] as number) + 1;
        if (depth === this.#depth) break;
        node = this.#child(base, node, point);
      }
    }
    this.#pending += 1;
    if (this.#pending >= this.#window) this.turn();
  }

  /** The latest window goes by from now on, beside half of what went by before. */
  turn(): void {
    for (let index = 0; index < this.reference.length; index += 1) {
      this.reference[index] = (this.reference[index] as number) / 2 + (this.latest[index] as number);
    }
    this.#total = this.#total / 2 + this.#pending;
    this.latest.fill(0);
    this.#pending = 0;
  }

  /** Points in the reference, and in the latest window. */
  get totals(): { readonly total: number; readonly pending: number } {
    return { total: this.#total, pending: this.#pending };
  }

  /** Takes counts over. Throws RangeError for a node that there is not. */
  restore({ total, pending, reference, latest }: Counted): void {
    for (const [into, counts] of [
      [this.reference, reference],
      [this.latest, latest],
    ] as const) {
      into.fill(0);
      for (const [node, count] of counts) {
        if (node >= into.length) throw new RangeError('not a behaviour model: a node out of range');
        into[node] = count;
      }
    }
    this.#total = total;
    this.#pending = pending;
  }

  #child(base: number, node: number, point: Float32Array): number {
    const value = point[this.#cutDimension[base + node] as number] as number;
    return 2 * node + (value < (this.#cutAt[base + node] as number) ? 1 : 2);
  }

  /** Each tree cuts its own part of the space, a little larger than where points can lie: its cuts are its own. */
  #build(tree: number, random: Seeded): void {
    const base = tree * this.#nodes;
    const low = new Float32Array(this.#dimensions);
    const high = new Float32Array(this.#dimensions);
    for (let dimension = 0; dimension < this.#dimensions; dimension += 1) {
      const middle = random.next();
      const reach = 2 * Math.max(middle, 1 - middle);
      low[dimension] = middle - reach;
      high[dimension] = middle + reach;
    }
    this.#cut(base, 0, 0, { low, high }, random);
  }

  #cut(base: number, node: number, depth: number, space: Space, random: Seeded): void {
    if (depth === this.#depth) return;
    const dimension = Math.floor(random.next() * this.#dimensions);
    const [low, high] = [space.low[dimension] as number, space.high[dimension] as number];
    // Only cuts that can part two points: elsewhere a level would be lost.
    const from = Math.max(0, low);
    const to = Math.min(1, high);
    const middle = (low + high) / 2;
    const at = middle > from && middle < to ? middle : from + (to - from) * random.next();
    this.#cutDimension[base + node] = dimension;
    this.#cutAt[base + node] = at;
    this.#cut(base, 2 * node + 1, depth + 1, { ...space, high: space.high.with(dimension, at) }, random);
    this.#cut(base, 2 * node + 2, depth + 1, { ...space, low: space.low.with(dimension, at) }, random);
  }
}

interface Space {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** What trees have counted: nodes by their number, and how many points fell there. */
export interface Counted {
  readonly total: number;
  readonly pending: number;
  readonly reference: readonly (readonly [node: number, count: number])[];
  readonly latest: readonly (readonly [node: number, count: number])[];
}
