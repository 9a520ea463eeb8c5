/** Signatures that do not hold which a prefix may send at once, and how many of them it gets back in a second. */
const BURST = 120;
const PER_SECOND = 4;
/** Nobody waits longer because of a neighbour (DESIGN §10). */
const LONGEST_WAIT_SECONDS = 20;
const MOST_PREFIXES = 65_536;

interface Failures {
  count: number;
  at: number;
}

/** Keeps floods of forged signatures from costing as many verifications. Per network prefix, in this process alone. */
export interface Throttle {
  /** Seconds to wait before another signature is looked at; 0 for none. */
  wait(prefix: string): number;
  failed(prefix: string): void;
}

export function createThrottle(monotonic: () => number): Throttle {
  let failures = new Map<string, Failures>();

  const levelOf = (prefix: string): number => {
    const found = failures.get(prefix);
    if (found === undefined) return 0;
    const now = monotonic();
    found.count = Math.max(0, found.count - ((now - found.at) / 1000) * PER_SECOND);
    found.at = now;
    return found.count;
  };

  return {
    wait(prefix) {
      const level = failures.size === 0 ? 0 : levelOf(prefix);
      if (level < BURST) return 0;
      return Math.min(LONGEST_WAIT_SECONDS, 1 + Math.ceil((level - BURST) / PER_SECOND));
    },
    failed(prefix) {
      if (failures.size >= MOST_PREFIXES) failures = new Map();
      failures.set(prefix, { count: Math.min(levelOf(prefix) + 1, 2 * BURST), at: monotonic() });
    },
  };
}
