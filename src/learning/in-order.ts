/** Puts lines that come nearly in the order of their times into it. */
export interface InOrder {
  /**
   * @param until milliseconds since 1970: what began before then has come, but for what takes long
   * @returns lines that nothing earlier can come before any more
   */
  add(lines: readonly string[], until: number): readonly string[];
  /** What is left. */
  end(): readonly string[];
}

/** What a line waits for those that began earlier and end later: milliseconds. */
const PATIENCE = 2000;
/** Lines that wait at most; beyond, the earliest go. */
const MOST_WAITING = 100_000;

/** @param timeOf when something began that a line tells of */
export function createInOrder(timeOf: (line: string) => number): InOrder {
  let waiting: { readonly time: number; readonly line: string }[] = [];
  const take = (count: number): string[] => waiting.splice(0, count).map(({ line }) => line);
  return {
    add(lines, until) {
      // Not by push(...): there may be more of them than a call takes.
      waiting = [...waiting, ...lines.map((line) => ({ time: timeOf(line), line }))].sort((a, b) => a.time - b.time);
      const later = waiting.findIndex(({ time }) => time > until - PATIENCE);
      return take(Math.max(later < 0 ? waiting.length : later, waiting.length - MOST_WAITING));
    },
    end: () => take(waiting.length),
  };
}
