/** Results by the bytes of a text: asked for the same text again, no text is made. */
export type Interned<T> = (bytes: Uint8Array, from: number, to: number) => T;

/** Longer texts are rare, and made each time. */
const LONGEST = 1024;

/**
 * The same as `make`, with many of its latest results kept: for texts of which a log has few, many times over.
 *
 * @param places how many are kept at most: a power of two
 */
export function interned<T>(make: (text: string) => T, places: number): Interned<T> {
  // Each text has two places, by its hash; a third one takes that of the one that came earlier.
  const texts: string[] = new Array(places).fill('');
  const made: T[] = new Array(places);
  const older = new Uint8Array(places / 2);
  return (bytes, from, to) => {
    if (to - from > LONGEST) return make(utf8(bytes, from, to));
    const pair = hashOf(bytes, from, to) & (places / 2 - 1);
    let place = 2 * pair;
    if (!isText(texts[place], bytes, from, to) && !isText(texts[++place], bytes, from, to)) {
      place = 2 * pair + (older[pair] ?? 0);
      made[place] = make(utf8(bytes, from, to));
      // One character for each byte, so that they can be compared.
      texts[place] = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    } else if (made[place] === undefined) {
      // The empty text is at every place from the beginning.
      made[place] = make('');
    }
    older[pair] = 1 - (place & 1);
    return made[place] as T; // put there above
  };
}

/** Of a line's bytes; those that are no UTF-8 become replacement characters. */
export const utf8 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();

/** FNV-1a. Whoever chooses texts that fall together makes reading as slow as without it. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isText(text: string | undefined, bytes: Uint8Array, from: number, to: number): boolean {
  if (text === undefined || text.length !== to - from) return false;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[from + at]) return false;
  return true;
}
