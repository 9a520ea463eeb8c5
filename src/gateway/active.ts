/** Networks on which somebody with a session of ours was seen of late. */
export interface Active {
  /** Whether it need not be added again yet. */
  knows(prefix: string): boolean;
  add(prefix: string, bucket: number): void;
  /** Those whose latest session falls into these buckets, the second excluded. */
  within(buckets: { readonly from: number; readonly to: number }): string[];
}

const MOST = 20_000;

/** In two generations: a network is remembered for `life` milliseconds at least, and for twice that at most. */
export function createActive(life: number, monotonic: () => number): Active {
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let turned = monotonic();

  const turn = (): void => {
    const now = monotonic();
    if (now - turned < life) return;
    old = now - turned < 2 * life ? young : new Map();
    young = new Map();
    turned = now;
  };

  return {
    knows(prefix) {
      turn();
      return young.has(prefix);
    },
    add(prefix, bucket) {
      turn();
      if (young.size < MOST || young.has(prefix)) young.set(prefix, bucket);
    },
    within({ from, to }) {
      turn();
      const all = new Map([...old, ...young]);
      return [...all].filter(([, bucket]) => bucket >= from && bucket < to).map(([prefix]) => prefix);
    },
  };
}
