import type { Target } from './target.ts';

/** What a Chromium says beside its cookies and proofs, told by a program that is none. */
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

export interface WireHeaders {
  /** Somebody opens the page. */
  readonly navigation: readonly string[];
  /** The page's code calls its own origin. */
  readonly call: readonly string[];
  /** The page's script enters; the length of its body follows. */
  readonly entry: readonly string[];
}

/** What another browser of another person says, in place of what these fields say. */
const OTHERS: Readonly<Record<string, string>> = {
  'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0',
  'accept-language': 'nl,en;q=0.5',
};

/** The same fields as another browser would send them. */
export const elsewhere = (fields: readonly string[]): string[] =>
  fields.map((value, index) => (index % 2 === 0 ? value : (OTHERS[(fields[index - 1] ?? '').toLowerCase()] ?? value)));

/** Flat name, value lists, in the order in which a browser sends them. */
export function wireHeaders(target: Target, page: string): WireHeaders {
  const always = {
    Host: target.authority,
    Connection: 'keep-alive',
    'User-Agent': USER_AGENT,
    'Accept-Encoding': 'identity',
    'Accept-Language': 'en-US,en;q=0.9',
  };
  const navigation = {
    Accept: 'text/html,application/xhtml+xml',
    'Upgrade-Insecure-Requests': '1',
    'Sec-Fetch-Site': 'none',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-User': '?1',
    'Sec-Fetch-Dest': 'document',
  };
  const call = {
    Accept: '*/*',
    Referer: target.origin + page,
    'Sec-Fetch-Site': 'same-origin',
    'Sec-Fetch-Mode': 'cors',
    'Sec-Fetch-Dest': 'empty',
  };
  const entry = { Origin: target.origin, 'Content-Type': 'application/json', 'X-Requested-With': 'sallyport' };
  return {
    navigation: Object.entries({ ...always, ...navigation }).flat(),
    call: Object.entries({ ...always, ...call }).flat(),
    entry: Object.entries({ ...always, ...call, ...entry }).flat(),
  };
}
