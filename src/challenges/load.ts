import { performance } from 'node:perf_hooks';

/** How long one figure stands: milliseconds. */
const STANDS_MS = 500;

/**
 * How busy this process is, from 0 to 1: the share of the last while in which its event loop had something to do. Nobody
 * measures while nobody asks.
 */
export function createLoad(): () => number {
  let last = performance.eventLoopUtilization();
  let at = performance.now();
  let load = 0;
  return () => {
    const now = performance.now();
    if (now - at < STANDS_MS) return load;
    const current = performance.eventLoopUtilization();
    load = performance.eventLoopUtilization(current, last).utilization;
    last = current;
    at = now;
    return load;
  };
}
