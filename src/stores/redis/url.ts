/** Where a server is, as clients want it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** A Unix socket in place of host and port; '' for none. */
  readonly path: string;
  readonly username: string;
  readonly password: string;
  readonly db: number;
  readonly tls: boolean;
}

const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ['redis:', false],
  ['valkey:', false],
  ['rediss:', true],
  ['valkeys:', true],
]);

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, `valkey://` and `valkeys://` for the same, and
 * `unix:///path?db=0`. Several, with commas between them, are nodes of one Cluster.
 *
 * Throws TypeError, which never names a password.
 */
export function parseRedisUrls(text: string): readonly ServerAddress[] {
  return text.split(',').map((one) => parseOne(one.trim()));
}

function parseOne(text: string): ServerAddress {
  if (!URL.canParse(text)) throw new TypeError('state: expected a URL such as redis://127.0.0.1:6379');
  const url = new URL(text);
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (url.protocol === 'unix:') {
    const db = dbOf(url.searchParams.get('db') ?? '');
    return { host: '', port: 0, path: decodeURIComponent(url.pathname), username, password, db, tls: false };
  }
  const tls = SCHEMES.get(url.protocol);
  if (tls === undefined) {
    throw new TypeError(
      `state: expected redis://, rediss://, valkey://, valkeys:// or unix://, not ${JSON.stringify(url.protocol)}`,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') throw new TypeError('state: the URL names no host');
  const db = dbOf(url.pathname.slice(1));
  return { host, port: Number(url.port || '6379'), path: '', username, password, db, tls };
}

function dbOf(text: string): number {
  if (!/^\d{0,5}$/.test(text))
    throw new TypeError(`state: a database is named by its number, not ${JSON.stringify(text)}`);
  return Number(text || '0');
}
