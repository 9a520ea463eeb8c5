const PLACES = 512;
/** Longer names are nobody's, and not worth holding on to. */
const LONGEST = 64;

interface Place<T> {
  readonly spelling: string;
  readonly value: T;
}

/**
 * Remembers what `make` says of a field's name, by the spelling that was sent. Each spelling has its place, chosen by
 * its length and two of its letters: a name that was just read from a socket is compared at once, where a map would
 * have to hash it first. A place holds whoever came last, so inventing names costs their inventor alone.
 */
export function bySpelling<T>(make: (spelling: string) => T): (spelling: string) => T {
  const places: (Place<T> | undefined)[] = new Array(PLACES).fill(undefined);
  return (spelling) => {
    const { length } = spelling;
    // The fields that browsers send have places of their own by these letters.
    const at = (3 * spelling.charCodeAt(0) + 7 * spelling.charCodeAt(length - 3) + 31 * length) & (PLACES - 1);
    const known = places[at];
    if (known !== undefined && known.spelling === spelling) return known.value;
    const value = make(spelling);
    if (length <= LONGEST) places[at] = { spelling, value };
    return value;
  };
}
