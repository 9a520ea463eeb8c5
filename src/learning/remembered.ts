/**
 * The same, with some of its results kept: for texts that have numbers already, so that none has to be looked for.
 *
 * @param places results that are kept at most: of numbers that are the same modulo `places` the latest
 */
export function rememberedByNumber<T>(make: (text: string) => T, places: number): (number: number, text: string) => T {
  const texts: string[] = new Array(places).fill('');
  const made: (T | null)[] = new Array(places).fill(null);
  return (number, text) => {
    const place = number % places;
    // Mostly the very same text, which costs no comparison.
    if (texts[place] === text && text !== '') return made[place] as T; // put there with its text
    const value = make(text);
    texts[place] = text;
    made[place] = value;
    return value;
  };
}

/**
 * The same, with its latest results kept: for texts of which a log has few, many times over.
 *
 * @param most results that are kept at least, and half of those that are kept at most
 */
export function remembered<T>(make: (text: string) => T, most = 8192): (text: string) => T {
  // In two generations: what is asked for again outlives those that come once.
  let younger = new Map<string, T>();
  let older: typeof younger = new Map();
  return (text) => {
    const found = younger.get(text);
    if (found !== undefined) return found;
    const before = older.get(text);
    // A copy: the text was cut out of a chunk, and would keep all of it alive.
    const own = Buffer.from(text).toString();
    const made = before ?? make(own);
    if (younger.size >= most) [older, younger] = [younger, new Map()];
    younger.set(own, made);
    return made;
  };
}
