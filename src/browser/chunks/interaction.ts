import {
  formatInteraction,
  INSTANT_MS,
  INTERACTION_PATH,
  type Interaction,
  MOST_COUNTED,
} from '../../wire/interaction.ts';
import type { Context } from '../context.ts';

/**
 * Counts how the page is used by hand, and tells the gate now and then (docs/behaviour.md). Passive listeners; of an event its
 * kind, its time and whether a device made it are looked at, and nothing else: no key, no place, no element.
 */

/** At most one summary in so many milliseconds, and only after something was done. */
const PACE = 30_000;
/** Longer pauses are of reading, not of hands. */
const LONGEST = 5000;
/** A pointer that moves, or a page that scrolls, is one moment until it rests for so long: milliseconds. */
const REST = 250;

/** One kind of event. */
interface Kind {
  /** Below this an event belongs to the one before. */
  readonly rest: number;
  began: number;
  last: number;
  /** Pauses since the last summary, and the mean of their logarithms. */
  gaps: number;
  mean: number;
  /** Presses that are not released yet, whether they overlapped, and when the first one was. */
  held: number;
  overlapped: boolean;
  pressed: number;
}

function createKind(rest: number): Kind {
  return { rest, began: 0, last: -REST, gaps: 0, mean: 0, held: 0, overlapped: false, pressed: 0 };
}

export function start(context: Context): void {
  const { platform } = context;
  const [pointer, key, scroll, focus] = [createKind(REST), createKind(0), createKind(REST), createKind(0)];
  let told = NOTHING;
  /** Of the logarithms of pauses, about the mean of their kind (Welford). */
  let squares = 0;
  let waits = false;
  /** Of a finger the browser makes keys that take no time. */
  let touches = false;
  /** A clock that goes by tenths of a second tells no length of a press. */
  let coarse = true;

  const note = (kind: Kind, { timeStamp, isTrusted }: Event): void => {
    const rested = timeStamp - kind.last;
    kind.last = timeStamp;
    coarse &&= timeStamp % 100 < 0.01;
    if (rested < kind.rest || told.moments === MOST_COUNTED) return;
    const pause = timeStamp - kind.began;
    const follows = kind.began > 0 && pause <= LONGEST;
    kind.began = timeStamp;
    const gaps = told.gaps + Number(follows);
    told = { ...told, moments: told.moments + 1, forged: told.forged + Number(!isTrusted), gaps };
    if (follows) {
      const value = Math.log(Math.max(1, pause));
      const before = value - kind.mean;
      kind.mean += before / ++kind.gaps;
      squares += before * (value - kind.mean);
    }
    if (!waits) platform.later(tell, PACE);
    waits = true;
  };

  const press = (kind: Kind, { timeStamp }: Event): void => {
    kind.overlapped = kind.held++ > 0;
    kind.pressed = timeStamp;
  };
  /** Which of two keys was let go nobody asks: presses that overlap are not measured. */
  const release = (kind: Kind, { timeStamp }: Event): void => {
    const known = kind.held === 1 && !kind.overlapped && !coarse && !touches && told.presses < MOST_COUNTED;
    kind.held = Math.max(0, kind.held - 1);
    if (!known) return;
    const instant = told.instant + Number(timeStamp - kind.pressed < INSTANT_MS);
    told = { ...told, presses: told.presses + 1, instant };
  };
  const letGo = (): void => {
    pointer.held = key.held = 0;
  };

  const tell = (): void => {
    waits = false;
    if (told.moments === 0) return;
    const spread = Math.min(MOST_COUNTED, Math.round(100 * Math.sqrt(squares / Math.max(1, told.gaps - 1))));
    const body = formatInteraction({ ...told, spread });
    told = NOTHING;
    squares = 0;
    for (const kind of [pointer, key, scroll, focus]) kind.gaps = kind.mean = 0;
    const url = new URL(`${context.gate}${context.config.mount}${INTERACTION_PATH}`);
    const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
    const request = new Request(url, { method: 'POST', body, headers, credentials: 'include', keepalive: true });
    // What cannot be told is forgotten: nobody looks worse for it.
    context.call({ url, route: { method: '', path: '' } }, request).catch(() => {});
  };

  const on = (names: string, hear: (event: Event) => void): void => {
    for (const name of names.split(' ')) self.addEventListener(name, hear, { capture: true, passive: true });
  };
  on('pointerdown pointermove', (event) => note(pointer, event));
  // A click that a device made was a press before.
  on('click', (event) => event.isTrusted || note(pointer, event));
  on('keydown', (event) => Reflect.get(event, 'repeat') || note(key, event));
  on('scroll', (event) => note(scroll, event));
  on('focusin', (event) => note(focus, event));
  on('pointerdown', (event) => {
    touches = Reflect.get(event, 'pointerType') === 'touch';
    press(pointer, event);
  });
  on('pointerup', (event) => release(pointer, event));
  on('keydown', (event) => Reflect.get(event, 'repeat') || press(key, event));
  on('keyup', (event) => release(key, event));
  on('pointercancel blur', letGo);
  on('visibilitychange', () => document.visibilityState === 'hidden' && tell());
}

const NOTHING: Interaction = { moments: 0, forged: 0, gaps: 0, spread: 0, presses: 0, instant: 0 };
