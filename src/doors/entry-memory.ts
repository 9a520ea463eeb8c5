import type { Clock } from '../lib/clock.ts';
import { createGenerations } from '../lib/generations.ts';

/** What one entry was answered with, apart from the time. */
export interface Entered {
  readonly key: string;
  readonly random: string;
  readonly ticket: string;
  readonly id: string;
  readonly expires: number;
  readonly authority: string;
  /** Label of the session, and of its login. */
  readonly session: string;
  readonly login: string;
  /** `Set-Cookie` values. */
  readonly cookies: readonly string[];
}

/** Answers of the last minute, so that an entry sent again by a browser or a script makes no second claim. */
export interface AnswerMemory {
  get(key: string): Entered | null;
  set(key: string, entered: Entered): void;
}

const KEPT_MS = 60_000;
/** Entries of one generation: at most twice as many answers of about 1 kB are held. */
const KEPT = 4096;

export function createAnswerMemory(clock: Clock): AnswerMemory {
  const answers = createGenerations<{ readonly entered: Entered; readonly until: number }>(KEPT);
  return {
    get(key) {
      const found = answers.get(key);
      if (found === undefined) return null;
      if (clock.monotonic() < found.until) return found.entered;
      answers.delete(key);
      return null;
    },
    set: (key, entered) => answers.set(key, { entered, until: clock.monotonic() + KEPT_MS }),
  };
}
