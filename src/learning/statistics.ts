/** Bounds of proportions and quantiles; all counts may be weighted sums. */

/** Two-sided 95 %. */
const Z = 1.959964;

/**
 * Lower end of Wilson's interval (1927) for a proportion.
 *
 * @param successes 0 to `trials`
 */
export function wilsonLower(successes: number, trials: number): number {
  if (trials <= 0) return 0;
  const share = successes / trials;
  const z2 = Z * Z;
  const centre = share + z2 / (2 * trials);
  const spread = Z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  return Math.max(0, (centre - spread) / (1 + z2 / trials));
}

export interface Weighted {
  readonly value: number;
  readonly weight: number;
}

/** A quantile with the order statistic that bounds it from above with 97.5 % confidence (normal approximation of the binomial). */
export interface Quantile {
  readonly value: number;
  readonly upper: number;
  /** Sum of the weights. */
  readonly support: number;
}

/**
 * @param at 0 to 1
 * @param most the highest share at which the upper bound may be read: what lies beyond counts for nothing, whatever it is
 */
export function quantile(values: readonly Weighted[], at: number, most: number): Quantile {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const support = sorted.reduce((sum, { weight }) => sum + weight, 0);
  if (support === 0) return { value: 0, upper: 0, support };
  const bound = Math.min(most, at + Z * Math.sqrt((at * (1 - at)) / support));
  return { value: valueAt(sorted, at * support), upper: valueAt(sorted, bound * support), support };
}

function valueAt(sorted: readonly Weighted[], rank: number): number {
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= rank) return value;
  }
  return sorted.at(-1)?.value ?? 0;
}
