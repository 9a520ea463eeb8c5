import { parsePast } from '../guard/config-schema-switch.ts';
import type { Signals } from '../guard/signals.ts';
import { idOf, type Past, type Terms } from '../guard/terms.ts';
import type { Clock } from '../lib/clock.ts';
import { begun, changed, leadingTo, settled, upTo, type WatchedChange } from './past.ts';
import { createSignedTexts } from './signed-text.ts';

export interface ChangeBookOptions {
  readonly signals: Signals;
  /** The gate's. The key by which the book is signed is derived from it. */
  readonly secret: string;
  /** What holds in this gate now. */
  readonly terms: Terms;
  readonly clock: Clock;
  warn(message: string): void;
}

/** What was in force, and what changed of late, written down where gates that share a store find it after a restart. */
export interface ChangeBook {
  /** What changed within the last day on the way to these terms, the latest first, as far as this gate has heard. */
  found(terms: Terms): readonly WatchedChange[];
  /** The terms have changed here. */
  changed(before: Terms, after: Terms): void;
  /** A change was taken back for a layer. */
  settle(change: Pick<WatchedChange, 'at' | 'after'>, layer: string): void;
  /** Writes down what time it is, and closes. */
  close(): Promise<void>;
}

/** A gate that ends without a word was there until then, give or take. */
const MARK_MS = 10 * 60_000;
/** One of those that write at once is first each time: so many gates may start together. */
const ATTEMPTS = 64;
/** Of characters: a store is no place for more. */
const LONGEST = 256 * 1024;

/**
 * Opens the book and writes down that a gate starts by these terms. Where the store cannot be reached, or somebody without the
 * secret has written there, nothing is known of what was, and a change that came with this start is none.
 */
export async function openChangeBook(options: ChangeBookOptions): Promise<ChangeBook> {
  const { signals, secret, terms, clock, warn } = options;
  const texts = createSignedTexts(secret, 'past');
  let known = { wall: clock.wall(), monotonic: clock.monotonic() };
  let latest: Past | null = null;
  let open = true;
  let last: Promise<unknown> = Promise.resolve();

  /** What time it has to be by now, however the clock was put meanwhile. */
  const expected = (): number => known.wall + (clock.monotonic() - known.monotonic);

  async function change(make: (past: Past | null) => Past | null): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const kept = await signals.latest(texts.name);
      const text = kept === null ? '' : texts.open(kept);
      if (text === null) warn('guard rail: what lies in the store of what was in force was not signed by this secret');
      const read = text === '' || text === null ? null : readOf(text, kept?.counter ?? 0);
      const next = make(read);
      if (next === null) return;
      const counter = (kept?.counter ?? 0) + 1;
      const written = JSON.stringify({ counter, past: next });
      if (written.length > LONGEST) {
        warn('guard rail: the configuration is too long to be remembered; after a restart the gate only alerts');
        return;
      }
      if (await signals.publish(texts.name, { counter, text: texts.seal(written) })) {
        latest = next;
        return;
      }
    }
    throw new Error('others write there all the time');
  }

  /** One thing at a time; what cannot be written is said, and costs the gate nothing else. */
  const write = (make: (past: Past, now: number) => Past): Promise<unknown> => {
    const now = clock.wall();
    const meant = expected();
    const heard = { wall: now, monotonic: clock.monotonic() };
    last = last
      .then(() => change((past) => (past === null ? null : make(upTo(past, now, meant), now))))
      .then(() => (known = heard))
      .catch((error: unknown) => warn(`guard rail: what changed cannot be written down: ${reason(error)}`));
    return last;
  };

  await change((past) => begun(past, terms, known.wall)).catch((error: unknown) =>
    warn(`guard rail: what was in force before cannot be read: ${reason(error)}`),
  );
  const timer = setInterval(() => void write((past) => past), MARK_MS).unref();

  return {
    found: (reached) => (latest === null ? [] : leadingTo(latest, reached)),
    changed(before, after) {
      if (idOf(before) !== idOf(after)) void write((past, now) => changed(past, before, after, now));
    },
    settle: ({ at, after }, layer) => void write((past) => settled(past, at, idOf(after), layer)),
    async close() {
      if (!open) return;
      open = false;
      clearInterval(timer);
      await write((past) => past);
    },
  };
}

/** Null for one that was put there again under another number. */
function readOf(text: string, counter: number): Past | null {
  const written: unknown = JSON.parse(text);
  if (written === null || typeof written !== 'object' || !('past' in written) || !('counter' in written)) return null;
  return written.counter === counter ? parsePast(JSON.stringify(written.past)) : null;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
