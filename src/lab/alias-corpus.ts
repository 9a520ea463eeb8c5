import type { RawRequest } from './http.ts';
import type { Target } from './target.ts';

/** Another way to ask for an address. */
export interface Alias {
  readonly name: string;
  readonly request: RawRequest;
  /**
   * The same request without the trick, where the trick rides on another address: what that address serves by
   * itself is no bypass.
   */
  readonly control: RawRequest | null;
}

/** Other spellings of a path, in the habits of backends that would still serve it. */
const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  'upper case': (path) => path.toUpperCase(),
  'one letter in upper case': (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  'a doubled leading slash': (path) => `/${path}`,
  'a host in front': (path) => `//lab${path}`,
  'a program in front': (path) => `/index.php${path}`,
  'a doubled inner slash': (path) => path.replace(/(?<=.)\//, '//'),
  'a trailing slash': (path) => `${path}/`,
  'two trailing slashes': (path) => `${path}//`,
  'a percent-encoded letter': (path) => path.replace(/[a-z]/i, (letter) => percent(letter)),
  'a lower-case percent-encoding': (path) => path.replace(/[j-o]/i, (letter) => percent(letter).toLowerCase()),
  'every letter percent-encoded': (path) => path.replace(/[a-z]/gi, percent),
  'a doubly encoded letter': (path) => path.replace(/[a-z]/i, (letter) => percent(letter).replace('%', '%25')),
  'an encoded slash': (path) => path.replace(/(?<=.)\//, '%2f'),
  'an encoded slash at the end': (path) => `${path}%2f`,
  'a doubly encoded slash': (path) => path.replace(/(?<=.)\//, '%252f'),
  'a backslash': (path) => path.replace(/(?<=.)\//, '\\'),
  'a leading backslash': (path) => `/\\${path.slice(1)}`,
  'an encoded backslash': (path) => path.replace(/(?<=.)\//, '%5c'),
  'a matrix parameter on the first segment': (path) => path.replace(/^\/[^/]+/, (head) => `${head};a`),
  'a matrix parameter at the end': (path) => `${path};a=1`,
  'an encoded matrix parameter': (path) => `${path}%3ba`,
  'a dot segment': (path) => `/.${path}`,
  'a dot segment inside': (path) => path.replace(/(?<=.)\//, '/./'),
  'a parent segment': (path) => `/lab/..${path}`,
  'an encoded parent segment': (path) => `/lab/%2e%2e${path}`,
  'a half encoded parent segment': (path) => `/lab/.%2e${path}`,
  'a parent segment by encoded slash': (path) => `/lab/..%2f${path.slice(1)}`,
  'a parent segment with a parameter': (path) => `/lab/..;${path}`,
  'an encoded null': (path) => `${path}%00`,
  'an encoded space': (path) => `${path}%20`,
  'an encoded tab': (path) => `${path}%09`,
  'an encoded line feed': (path) => `${path}%0a`,
  'an encoded question mark': (path) => `${path}%3f`,
  'an encoded hash': (path) => `${path}%23`,
  'a raw hash': (path) => `${path}#lab`,
  'a trailing dot': (path) => `${path}.`,
  'a format suffix': (path) => `${path}.json`,
  'an overlong encoding': (path) => path.replace(/(?<=.)\//, '%c0%af'),
  'a full-width letter': (path) => path.replace(/[a-z]/, fullWidth),
  'a long s': (path) => path.replace(/s/, '%c5%bf'),
};

/** Headers by which some backends or frameworks let a request name another target or method. */
const TARGET_OVERRIDES = [
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-URI',
  'X-Forwarded-Path',
  'X-Forwarded-Uri',
  'X_Original_URL',
];
/** Headers by which some take the front of a path off before they look what it names. */
const PREFIXES = ['SCRIPT_NAME', 'Script-Name', 'X-Script-Name', 'Daphne-Root-Path'];
const METHOD_OVERRIDES = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_Method_Override'];

/**
 * The corpus for one address. All methods are safe ones: where the gate lets everything pass, nothing is changed
 * by these either.
 */
export function aliasesOf(target: Target, page: string): readonly Alias[] {
  const host = ['Host', target.authority, 'Accept', '*/*'];
  const full = target.path + target.query;
  const get = (name: string, path: string, fields: readonly string[] = []): Alias => ({
    name,
    request: { method: 'GET', target: path, fields: [...host, ...fields], body: null },
    control: null,
  });
  const spelled = Object.entries(SPELLINGS)
    .map(([name, spell]) => ({ name, path: spell(target.path) }))
    .filter((one) => one.path !== target.path)
    .map((one) => get(one.name, one.path + target.query));
  const absolute = [
    get('an absolute target', `${target.origin}${full}`),
    get('an absolute target of another host', `http://lab.invalid${full}`),
    get('an absolute target with user info', `${target.origin.replace('//', '//lab@')}${full}`),
  ];
  const bare: RawRequest = { method: 'GET', target: page, fields: host, body: null };
  const targets = TARGET_OVERRIDES.map((header) => ({ ...get(header, page, [header, full]), control: bare }));
  const under = get('', `/lab${full}`).request;
  const prefixed = PREFIXES.map((header) => ({ ...get(header, `/lab${full}`, [header, '/lab']), control: under }));
  return [...spelled, ...absolute, ...targets, ...prefixed, ...methodAliases(target, host)];
}

/** Requests that some frameworks take for a GET of the address although their request line says another method. */
function methodAliases(target: Target, host: readonly string[]): readonly Alias[] {
  const full = target.path + target.query;
  const options: RawRequest = { method: 'OPTIONS', target: full, fields: host, body: null };
  const preflight = [...host, 'Origin', target.origin, 'Access-Control-Request-Method', 'GET'];
  const overridden = METHOD_OVERRIDES.flatMap((header) => [
    { name: `OPTIONS with ${header}`, request: { ...options, fields: [...host, header, 'GET'] }, control: options },
    {
      name: `a preflight with ${header}`,
      request: { ...options, fields: [...preflight, header, 'GET'] },
      control: { ...options, fields: preflight },
    },
  ]);
  const query = `${target.query}${target.query === '' ? '?' : '&'}_method=GET`;
  return [
    ...overridden,
    { name: 'OPTIONS with _method', request: { ...options, target: target.path + query }, control: options },
    { name: 'GET with _method', request: { ...options, method: 'GET', target: target.path + query }, control: null },
  ];
}

function percent(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** A letter that Unicode normalisation (NFKC) turns back into ASCII. */
function fullWidth(letter: string): string {
  return encodeURIComponent(String.fromCharCode(letter.charCodeAt(0) + 0xfee0));
}
