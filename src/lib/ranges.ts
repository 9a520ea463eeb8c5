/**
 * Ranges of unsigned numbers of one width, sorted and merged, in flat arrays: half a million of them are a few megabytes,
 * and a look-up is a binary search that allocates nothing. A number is `words` 32-bit words, the highest first.
 */
export interface Ranges {
  readonly size: number;
  /** Whether the number in `words[0 … width-1]` lies in a range. */
  has(words: Uint32Array): boolean;
}

/** Ranges as they come, in any order, overlapping or not. */
export interface RangeCollector {
  /** Both ends belong to it; `from` must not lie above `to`. */
  add(from: Uint32Array, to: Uint32Array): void;
  done(): Ranges;
}

export function collectRanges(width: 1 | 4): RangeCollector {
  let flat = new Uint32Array(width * 2 * 64);
  let count = 0;
  return {
    add(from, to) {
      const at = count++ * width * 2;
      if (at + width * 2 > flat.length) {
        const larger = new Uint32Array(flat.length * 2);
        larger.set(flat);
        flat = larger;
      }
      flat.set(from.subarray(0, width), at);
      flat.set(to.subarray(0, width), at + width);
    },
    done: () => merge(flat, count, width),
  };
}

/** What touches or overlaps becomes one. */
function merge(flat: Uint32Array, count: number, width: number): Ranges {
  const [starts, ends] = [new Uint32Array(count * width), new Uint32Array(count * width)];
  let size = 0;
  for (const index of sortedByStart(flat, count, width)) {
    const at = index * width * 2;
    const last = (size - 1) * width;
    if (size > 0 && compare(flat, at, ends, last, width) <= 0) {
      if (compare(flat, at + width, ends, last, width) > 0) ends.set(flat.subarray(at + width, at + width * 2), last);
      continue;
    }
    starts.set(flat.subarray(at, at + width), size * width);
    ends.set(flat.subarray(at + width, at + width * 2), size * width);
    size++;
  }
  return search(starts.slice(0, size * width), ends.slice(0, size * width), size, width);
}

function search(starts: Uint32Array, ends: Uint32Array, size: number, width: number): Ranges {
  return {
    size,
    has(words) {
      let [low, high] = [0, size];
      // The first range that begins above the number; the one before is the only one that can hold it.
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (compare(starts, middle * width, words, 0, width) <= 0) low = middle + 1;
        else high = middle;
      }
      return low > 0 && compare(words, 0, ends, (low - 1) * width, width) <= 0;
    },
  };
}

function compare(a: Uint32Array, at: number, b: Uint32Array, bt: number, width: number): number {
  for (let i = 0; i < width; i++) {
    const difference = (a[at + i] ?? 0) - (b[bt + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** So many are compared sooner than the counters of one digit are cleared. */
const FEW = 2048;

/** By 16 bits at a time, the lowest first: its time grows with the number of ranges alone, whatever a list holds. */
function sortedByStart(flat: Uint32Array, count: number, width: number): Uint32Array {
  let order = Uint32Array.from({ length: count }, (_, index) => index);
  const step = width * 2;
  if (count <= FEW) return order.sort((one, other) => compare(flat, one * step, flat, other * step, width));
  let next = new Uint32Array(count);
  for (let digit = width * 2 - 1; digit >= 0; digit--) {
    const [word, shift] = [digit >> 1, (digit & 1) === 1 ? 0 : 16];
    const key = (index: number): number => ((flat[index * width * 2 + word] ?? 0) >>> shift) & 0xffff;
    const places = new Uint32Array(0x1_0001);
    for (const index of order) places[key(index) + 1] = (places[key(index) + 1] ?? 0) + 1;
    for (let i = 1; i < places.length; i++) places[i] = (places[i] ?? 0) + (places[i - 1] ?? 0);
    for (const index of order) {
      const place = places[key(index)] ?? 0;
      next[place] = index;
      places[key(index)] = place + 1;
    }
    [order, next] = [next, order];
  }
  return order;
}
