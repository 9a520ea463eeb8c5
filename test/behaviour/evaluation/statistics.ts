/** Figures that say how sure they are. */

/** Low and high ends of a share, 95 % (Wilson). */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const Z = 1.96;

export function wilson(hits: number, of: number): Interval {
  const share = hits / of;
  const middle = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const reach = (Z / (1 + Z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return { low: Math.max(0, middle - reach), high: Math.min(1, middle + reach) };
}

/** Area under the ROC curve: the share of pairs in which the one that is meant scores higher. Ties count half. */
export function areaUnderCurve(meant: readonly number[], others: readonly number[]): number {
  const sorted = others.toSorted((one, other) => one - other);
  let sum = 0;
  for (const score of meant) {
    const [below, upTo] = [countBelow(sorted, score, false), countBelow(sorted, score, true)];
    sum += below + (upTo - below) / 2;
  }
  return sum / (meant.length * others.length);
}

/** Its 95 % interval (Hanley and McNeil, 1982). */
export function areaInterval(area: number, meant: number, others: number): Interval {
  const [one, two] = [area / (2 - area), (2 * area ** 2) / (1 + area)];
  const spread = area * (1 - area) + (meant - 1) * (one - area ** 2) + (others - 1) * (two - area ** 2);
  const reach = Z * Math.sqrt(Math.max(0, spread) / (meant * others));
  return { low: Math.max(0, area - reach), high: Math.min(1, area + reach) };
}

/** Share of the meant ones found where so many of the others are: one point of the curve. */
export function foundAt(meant: readonly number[], others: readonly number[], share: number): number {
  const sorted = others.toSorted((one, other) => other - one);
  const threshold = sorted[Math.floor(share * others.length)] ?? 0;
  return meant.filter((score) => score > threshold).length / meant.length;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function countBelow(sorted: readonly number[], value: number, inclusive: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = sorted[middle] as number;
    if (at < value || (inclusive && at === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
