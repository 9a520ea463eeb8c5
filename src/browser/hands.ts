import { INSTANT_MS, type Interaction, MOST_COUNTED } from '../wire/interaction.ts';

/**
 * Counts how a page is used by hand (docs/behaviour.md). Of an event its kind, its time and whether a device made it are looked at:
 * no key, no place, no element.
 */
export interface Hands {
  /** True where the event counts. */
  hear(event: HandEvent): boolean;
  /** What was counted since it was taken last; null for nothing. */
  take(): Interaction | null;
}

/** As much of an event as is looked at. */
export interface HandEvent {
  readonly type: string;
  /** Milliseconds. */
  readonly timeStamp: number;
  readonly isTrusted: boolean;
  /** Of a key: it is held down, and says so again. */
  readonly repeat?: boolean;
  /** Of a pointer: `mouse`, `pen` or `touch`. */
  readonly pointerType?: string;
}

/** What is listened to. */
export const HAND_EVENTS = [
  ...['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'click', 'keydown', 'keyup'],
  ...['scroll', 'focusin', 'blur'],
] as const;

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
  /** Pauses that were counted, and the mean of their logarithms. */
  gaps: number;
  mean: number;
}

/** Buttons, or keys, that are down. */
interface Press {
  held: number;
  overlapped: boolean;
  since: number;
}

export function createHands(): Hands {
  const pointer = createKind(REST);
  const key = createKind(0);
  const scroll = createKind(REST);
  const focus = createKind(0);
  const kinds: readonly Kind[] = [pointer, key, scroll, focus];
  const button: Press = { held: 0, overlapped: false, since: 0 };
  const keys: Press = { ...button };
  let told = NOTHING;
  /** Of the logarithms of pauses, about the mean of their kind (Welford). */
  let squares = 0;
  /** A clock that goes by tenths of a second, as of browsers that resist fingerprinting, tells no length of a press. */
  let coarse = true;
  /** Of a finger on glass the browser makes keys that take no time. */
  let touches = false;

  const moment = (kind: Kind, { timeStamp, isTrusted }: HandEvent): boolean => {
    const rested = timeStamp - kind.last;
    kind.last = timeStamp;
    if (rested < kind.rest || told.moments === MOST_COUNTED) return false;
    const pause = timeStamp - kind.began;
    const follows = kind.began > 0 && pause <= LONGEST;
    kind.began = timeStamp;
    if (follows) {
      const value = Math.log(Math.max(1, pause));
      const before = value - kind.mean;
      kind.mean += before / ++kind.gaps;
      squares += before * (value - kind.mean);
    }
    const { moments, forged, gaps } = told;
    told = { ...told, moments: moments + 1, forged: forged + Number(!isTrusted), gaps: gaps + Number(follows) };
    return true;
  };

  const press = (of: Press, { timeStamp }: HandEvent): void => {
    of.overlapped = of.held++ > 0;
    of.since = timeStamp;
  };
  /** Which of two keys was let go is not asked: presses that overlap are not measured. */
  const release = (of: Press, { timeStamp }: HandEvent): void => {
    const measured = of.held === 1 && !of.overlapped && !coarse && told.presses < MOST_COUNTED;
    of.held = Math.max(0, of.held - 1);
    const instant = told.instant + Number(timeStamp - of.since < INSTANT_MS);
    if (measured) told = { ...told, presses: told.presses + 1, instant };
  };

  return {
    hear(event) {
      const { type, isTrusted, pointerType } = event;
      coarse &&= event.timeStamp % 100 < 0.01;
      if (pointerType) touches = pointerType === 'touch';
      switch (type) {
        case 'pointerdown':
          press(button, event);
          return moment(pointer, event);
        case 'pointermove':
          return moment(pointer, event);
        case 'click':
          // One that a device made was a press before.
          return !isTrusted && moment(pointer, event);
        case 'keydown':
          if (event.repeat) return false;
          press(keys, event);
          return moment(key, event);
        case 'pointerup':
          release(button, event);
          return false;
        case 'keyup':
          if (touches) keys.held = 0;
          else release(keys, event);
          return false;
        case 'scroll':
          return moment(scroll, event);
        case 'focusin':
          return moment(focus, event);
        default:
          // Where the window is left, or a finger scrolls, nobody hears what is let go.
          button.held = keys.held = 0;
          return false;
      }
    },
    take() {
      const { moments, gaps } = told;
      const spread = Math.round(100 * Math.sqrt(squares / Math.max(1, gaps)));
      const taken = moments > 0 ? { ...told, spread: Math.min(MOST_COUNTED, spread) } : null;
      told = NOTHING;
      squares = 0;
      for (const kind of kinds) kind.gaps = kind.mean = 0;
      return taken;
    },
  };
}

const createKind = (rest: number): Kind => ({ rest, began: 0, last: -rest, gaps: 0, mean: 0 });

const NOTHING: Interaction = { moments: 0, forged: 0, gaps: 0, spread: 0, presses: 0, instant: 0 };
