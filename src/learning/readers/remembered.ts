const MOST = 8192;

/** The same, with its latest results kept: for texts of which a log has few, many times over. */
export function remembered<T>(make: (text: string) => T): (text: string) => T {
  let known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (known.size >= MOST) known = new Map();
    // A copy: the text was cut out of a chunk, and would keep all of it alive.
    known.set(Buffer.from(text).toString(), made);
    return made;
  };
}
