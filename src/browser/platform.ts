/**
 * The browser's own functions, taken before the page's code can replace them, so that tests with fake timers, other
 * wrappers and overridden clocks change nothing here. Taken by a call, not on import: a server may import this module.
 */
export interface Platform {
  readonly fetch: typeof fetch;
  readonly subtle: SubtleCrypto;
  readonly now: () => number;
  readonly later: (run: () => void, milliseconds: number) => number;
  readonly forget: (timer: number) => void;
  readonly random: () => number;
}

/** Less than nothing is nothing, as setTimeout has it. */
export const wait = ({ later }: Pick<Platform, 'later'>, milliseconds: number): Promise<void> =>
  new Promise((done) => void later(done, milliseconds));

/** Null where the context is not secure: browsers give no keys there (docs/protocol.md §2). */
export function takePlatform(): Platform | null {
  const { fetch, crypto, setTimeout, clearTimeout } = self;
  if (!crypto?.subtle) return null;
  return {
    fetch: fetch.bind(self),
    subtle: crypto.subtle,
    now: Date.now,
    later: setTimeout.bind(self),
    forget: clearTimeout.bind(self),
    random: Math.random,
  };
}
