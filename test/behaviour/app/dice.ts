import type { Seeded } from '../../../src/behaviour/seeded.ts';

/** Draws from a seeded generator. */
export interface Dice {
  chance(share: number): boolean;
  between(low: number, high: number): number;
  /** By its middle. */
  logNormal(middle: number, spread: number): number;
  /** By its mean. */
  exponential(mean: number): number;
  /** 0 to `count` - 1, the first ones most often. */
  zipf(count: number): number;
  /** One of the names, by their weights. */
  pick<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name;
}

export function createDice({ next }: Seeded): Dice {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    chance: (share) => next() < share,
    between: (low, high) => low + (high - low) * next(),
    logNormal: (middle, spread) => middle * Math.exp(spread * normal()),
    exponential: (mean) => -mean * Math.log(1 - next()),
    zipf: (count) => Math.min(count - 1, Math.floor(count ** next()) - 1),
    pick<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name {
      // SAFETY: the names of a record are its own type.
      const rows = Object.entries<number>(weights as Record<Name, number>) as [Name, number][];
      let left = next() * rows.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of rows) {
        left -= weight;
        if (left < 0) return name;
      }
      return (rows.at(-1) as [Name, number])[0];
    },
  };
}
