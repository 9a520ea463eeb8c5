/** Ratios of one round each, B to A, and what they come to. */
export interface Spread {
  /** Median. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** What one round of one side measured, by name. */
export type Sample<Name extends string> = Readonly<Record<Name, number>>;

export type Side<Name extends string> = () => Promise<Sample<Name>>;

/**
 * Measures two sides in turn, A B, B A, A B …: the machine is as fast in one half of a pair as in the other, so only
 * the ratios mean something. The first pair warms up and is thrown away.
 */
export async function inPairs<Name extends string>(
  rounds: number,
  a: Side<Name>,
  b: Side<Name>,
): Promise<Readonly<Record<Name, Spread>>> {
  const ratios = new Map<Name, number[]>();
  await a();
  await b();
  for (let round = 0; round < rounds; round += 1) {
    const turned = round % 2 === 1;
    const first = await (turned ? b : a)();
    const second = await (turned ? a : b)();
    const [under, over] = turned ? [second, first] : [first, second];
    for (const name of namesOf(under)) {
      ratios.set(name, [...(ratios.get(name) ?? []), over[name] / under[name]]);
    }
  }
  return Object.fromEntries([...ratios].map(([name, list]) => [name, spreadOf(list)])) as Record<Name, Spread>;
}

/** Median, lowest and highest of some measurements. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const ratio = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { ratio, low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN };
}

/** The keys of a record are the names of its type: nothing else makes one. */
function namesOf<Name extends string>(sample: Sample<Name>): Name[] {
  return Object.keys(sample) as Name[];
}
