/** At which hours of the day (UTC) an app is used. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Calls that have to be known before hours are compared. */
const FEWEST_CALLS = 2000;

const hourOf = (now: number): number => Math.floor(now / HOUR_MS) % 24;

/** Counts a call. */
export function noteHour(hours: Float32Array, now: number): void {
  const hour = hourOf(now);
  hours[hour] = (hours[hour] as number) + 1;
}

/** How many calls come at this hour, in times of the mean; 1 for every hour until a day has been seen. */
export function hourShare(hours: Float32Array, firstCall: number, now: number): number {
  if (now - firstCall < DAY_MS) return 1;
  let all = 0;
  for (const calls of hours) all += calls;
  return all < FEWEST_CALLS ? 1 : ((hours[hourOf(now)] as number) / all) * 24;
}
