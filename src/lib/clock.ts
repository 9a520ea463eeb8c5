/** Time, injected wherever it is read. */
export interface Clock {
  /** Milliseconds since 1970; may jump. For what is compared with other machines. */
  wall(): number;
  /** Milliseconds since some start; never goes back. For windows, buckets and intervals. */
  monotonic(): number;
}

export const systemClock: Clock = Object.freeze({
  wall: () => Date.now(),
  monotonic: () => performance.now(),
});
