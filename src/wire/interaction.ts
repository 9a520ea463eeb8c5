/**
 * What a page tells of how it is used by hand (docs/behaviour.md): `POST {mount}/interaction`, where policy turns it on. Counts,
 * and how even the gaps are; no content, no keys, no coordinates, no elements, no time of day.
 */

/** Since the summary before. All whole numbers of 0 to {@link MOST_COUNTED}. */
export interface Interaction {
  /** Movements of pointer, scrolling and focus, and key presses; what follows within a quarter of a second is one movement. */
  readonly moments: number;
  /** Those that no device made but a program in the page (`isTrusted` is false). */
  readonly forged: number;
  /** Pauses between two moments of one kind, of five seconds at most. */
  readonly gaps: number;
  /** Standard deviation of the natural logarithms of these pauses, in hundredths. */
  readonly spread: number;
  /** Presses of a mouse, a pen or a key of which the length is known. */
  readonly presses: number;
  /** Those that were over within {@link INSTANT_MS}. */
  readonly instant: number;
}

export const INTERACTION_PATH = '/interaction';
/** Longest summary, in bytes. */
export const INTERACTION_BYTES = 256;
export const MOST_COUNTED = 9999;
/** No hand is so quick. */
export const INSTANT_MS = 10;

const NAMES = ['v', 'moments', 'forged', 'gaps', 'spread', 'presses', 'instant'] as const;

export const formatInteraction = (told: Interaction): string => JSON.stringify({ v: 1, ...told });

/** Reads a summary: a JSON object with these members and no others. Null when it is none, or says what cannot be. */
export function parseInteraction(bytes: Uint8Array): Interaction | null {
  if (bytes.length > INTERACTION_BYTES) return null;
  const values = readMembers(bytes);
  if (values === null || values[0] !== 1) return null;
  const [, moments = 0, forged = 0, gaps = 0, spread = 0, presses = 0, instant = 0] = values;
  if (forged > moments || gaps > moments || instant > presses) return null;
  return { moments, forged, gaps, spread, presses, instant };
}

function readMembers(bytes: Uint8Array): number[] | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== NAMES.length) return null;
  const values = NAMES.map((name) => (Object.hasOwn(value, name) ? Number(Reflect.get(value, name)) : Number.NaN));
  const counted = NAMES.every((name) => typeof Reflect.get(value, name) === 'number');
  return counted && values.every(isCounted) ? values : null;
}

const isCounted = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MOST_COUNTED;
