/** Cookies of one client of one origin. Keeps what a program needs: names and values. */
export interface Jar {
  /** Takes the Set-Cookie fields of an answer. */
  take(fields: readonly string[]): void;
  /** Takes the value of a Cookie field. */
  takeValue(value: string): void;
  /** Value of one cookie; '' where it is absent. */
  get(name: string): string;
  /** Value for a Cookie field; '' without cookies. */
  value(): string;
  /** The Cookie field as a flat list; empty without cookies. */
  fields(): readonly string[];
}

/** Bound on what a hostile answer can make the lab keep. */
const LIMIT = 64;

export function createJar(): Jar {
  const cookies = new Map<string, string>();
  const put = (pair: string) => {
    const at = pair.indexOf('=');
    if (at > 0 && cookies.size < LIMIT) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  };
  const value = () => [...cookies].map(([name, text]) => `${name}=${text}`).join('; ');
  return {
    take(fields) {
      for (let i = 0; i < fields.length; i += 2) {
        if (fields[i]?.toLowerCase() !== 'set-cookie') continue;
        const [pair = '', ...attributes] = (fields[i + 1] ?? '').split(';');
        if (attributes.some((one) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(one)))
          cookies.delete(pair.split('=')[0]?.trim() ?? '');
        else put(pair);
      }
    },
    takeValue: (text) => text.split(';').forEach(put),
    get: (name) => cookies.get(name) ?? '',
    value,
    fields: () => (cookies.size === 0 ? [] : ['Cookie', value()]),
  };
}
