/** Results by the bytes of a text: asked for the same text again, no text is made. */
export type Interned<T> = (bytes: Uint8Array, from: number, to: number) => T;

export interface InternedOptions {
  /** How many results are kept at most: a power of two. */
  readonly places: number;
  /** Longer texts are made each time: bytes. */
  readonly longest: number;
}

/** The same as `make`, with many of its latest results kept: for texts of which a log has few, many times over. */
export function interned<T>(make: (text: string) => T, { places, longest }: InternedOptions): Interned<T> {
  // Each text has two places, by its hash; a third one takes that of the one that was asked for earlier.
  const made: (T | null)[] = new Array(places).fill(null);
  const texts = new Uint8Array(places * longest);
  /** -1: nothing is there. */
  const sizes = new Int16Array(places).fill(-1);
  const older = new Uint8Array(places / 2);
  const isAt = (place: number, bytes: Uint8Array, from: number, to: number): boolean => {
    const size = to - from;
    if (sizes[place] !== size) return false;
    const start = place * longest;
    for (let at = 0; at < size; at++) if (texts[start + at] !== bytes[from + at]) return false;
    return true;
  };
  return (bytes, from, to) => {
    if (to - from > longest) return make(utf8(bytes, from, to));
    const pair = hashOf(bytes, from, to) & (places / 2 - 1);
    const first = 2 * pair;
    const place = isAt(first, bytes, from, to) ? first : first + 1;
    if (place === first || isAt(place, bytes, from, to)) {
      older[pair] = first + 1 - place;
      return made[place] as T; // put there with its text
    }
    const free = first + (older[pair] ?? 0);
    const value = make(utf8(bytes, from, to));
    made[free] = value;
    texts.set(bytes.subarray(from, to), free * longest);
    sizes[free] = to - from;
    older[pair] = first + 1 - free;
    return value;
  };
}

/** Bytes that are no UTF-8 become replacement characters. */
export const utf8 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();

/** In long texts every fourth byte is enough. */
const LONG = 64;

/** FNV-1a. Whoever chooses texts that fall together makes reading as slow as it is without. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  const step = to - from > LONG ? 4 : 1;
  let hash = to - from;
  for (let at = from; at < to; at += step) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}
