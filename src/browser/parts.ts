import type { Chunks, LoadPart, Parts } from './context.ts';
import { type Platform, wait } from './platform.ts';

/** How often a part is asked for again at once, and how long after the first time: milliseconds, then twice that. */
const MOST_RETRIES = 3;
const FIRST_PAUSE = 250;

/**
 * Parts on a network that breaks. One is asked for again a few times while its callers wait; when all of that was in
 * vain they are told, and each later call asks once. What has come is never asked for again: of each part there is one
 * copy, and it alone has the part's state.
 */
export function createChunks(platform: Platform, load: LoadPart): Chunks {
  const parts: Partial<Record<keyof Parts, Promise<unknown>>> = {};
  const failures: Partial<Record<keyof Parts, number>> = {};
  const ask = (name: keyof Parts, failed = failures[name] ?? 0): Promise<unknown> =>
    load(name, failed).catch(async (fault: unknown) => {
      failures[name] = failed + 1;
      if (failed < MOST_RETRIES) {
        await wait(platform, FIRST_PAUSE * 2 ** failed);
        return ask(name);
      }
      delete parts[name];
      throw fault;
    });
  // What is loaded by a name is the part of that name.
  return ((name) => (parts[name] ??= ask(name))) as Chunks;
}
