/** The same, with its latest results kept: for texts of which a log has few, many times over. */
export function remembered<T>(make: (text: string) => T, most = 8192): (text: string) => T {
  let known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    // A copy: the text was cut out of a chunk, and would keep all of it alive.
    const own = Buffer.from(text).toString();
    const made = make(own);
    if (known.size >= most) known = new Map();
    known.set(own, made);
    return made;
  };
}
