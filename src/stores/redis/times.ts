/** What time it is here, and the time that goes to the server in place of its own: in tests alone. */
export interface Times {
  /** Milliseconds since 1970. */
  now(): number;
  /** Part of an item: the time of a claim where claims have the say. */
  of(now?: number): { readonly t?: number };
}

const NO_TIME: { readonly t?: number } = Object.freeze({});

/** The server's time rules: gates whose clocks are wrong neither lock out nor open. */
export const serverTimes: Times = { now: () => Date.now(), of: () => NO_TIME };

/** For tests: it is as late as the latest claim said. */
export function callersTimes(): Times {
  let latest = 0;
  return {
    now: () => latest,
    of(now = latest) {
      latest = now;
      return { t: now };
    },
  };
}
