const STEP = 10_000;
/** A minute touches seven steps. */
const STEPS = 7;

/** Places of a peak in a list of numbers: the most calls of any minute, the latest step, calls of its minute, and of each step. */
export const PEAK = { most: 0, latest: 1, sum: 2, counts: 3, size: 3 + STEPS } as const;

/**
 * Counts a call to the most calls of any minute, in steps of ten seconds and never too low. There is one peak for each route of
 * each session: a few numbers, which need no object of their own.
 *
 * @param at where the peak begins in `words`; all of it 0 before the first call
 * @param time milliseconds; later than those before, or nearly
 */
export function addToPeak(words: number[], at: number, time: number): void {
  const step = Math.floor(time / STEP);
  const latest = words[at + PEAK.latest] ?? 0;
  let sum = words[at + PEAK.sum] ?? 0;
  if (step > latest) {
    for (let gone = 0; gone < Math.min(STEPS, step - latest); gone++) {
      const place = at + PEAK.counts + ((step - gone) % STEPS);
      sum -= words[place] ?? 0;
      words[place] = 0;
    }
    words[at + PEAK.latest] = step;
  }
  const place = at + PEAK.counts + (Math.max(step, latest) % STEPS);
  words[place] = (words[place] ?? 0) + 1;
  words[at + PEAK.sum] = sum + 1;
  words[at + PEAK.most] = Math.max(words[at + PEAK.most] ?? 0, sum + 1);
}
