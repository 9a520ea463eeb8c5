/** Tokens against forged requests, for forms and pages without the script: part of {@link import('./config.ts').Config}. */
export interface AntiForgeryConfig {
  /** Header fields that may carry the token, lower case. Default `['x-xsrf-token', 'x-csrf-token']`. */
  headers?: string[];
  /** Form field that may carry it. Default `_csrf`. */
  field?: string;
  /** Seconds that a token is good for, 86,400 at most. Default 7200: people fill forms slowly. */
  life?: number;
  /** Where the form is sent from another network than it was loaded from: `note` it in the record, or `refuse`. Default `note`. */
  network?: 'note' | 'refuse';
  /** Puts the field into the forms of pages that no shared cache may keep. Default false. */
  insert?: boolean;
  /** Hands the token to scripts in a cookie as well: `true` for `XSRF-TOKEN`, or its name. Default false. */
  cookie?: boolean | string;
}

/** What a configuration's `antiForgery` comes to. */
export interface AntiForgeryRule {
  readonly headers: readonly string[];
  readonly field: string;
  /** Seconds. */
  readonly life: number;
  readonly network: 'note' | 'refuse';
  readonly insert: boolean;
  /** Name of the cookie that scripts read; '' for none. */
  readonly cookie: string;
}

const DEFAULT_LIFE_SECONDS = 7200;
const DEFAULT_HEADERS: readonly string[] = ['x-xsrf-token', 'x-csrf-token'];

/** The cookie that AngularJS and axios look for by themselves. */
const DEFAULT_COOKIE = 'XSRF-TOKEN';

export function compileAntiForgery({
  headers = [...DEFAULT_HEADERS],
  field = '_csrf',
  life = DEFAULT_LIFE_SECONDS,
  network = 'note',
  insert = false,
  cookie = false,
}: AntiForgeryConfig): AntiForgeryRule {
  const name = cookie === true ? DEFAULT_COOKIE : cookie === false ? '' : cookie;
  return Object.freeze({ headers, field, life, network, insert, cookie: name });
}
