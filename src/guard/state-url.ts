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
export function parseStateUrls(text: string): readonly ServerAddress[] {
  return text.split(',').map((one) => parseOne(one.trim()));
}

function parseOne(text: string): ServerAddress {
  if (!URL.canParse(text)) throw new TypeError('write memory, or a URL as in redis://127.0.0.1:6379');
  const url = new URL(text);
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (url.protocol === 'unix:') {
    const db = dbOf(url.searchParams.get('db') ?? '');
    return { host: '', port: 0, path: decodeURIComponent(url.pathname), username, password, db, tls: false };
  }
  const tls = SCHEMES.get(url.protocol);
  if (tls === undefined) {
    throw new TypeError(
      'write memory, redis://HOST:PORT, rediss:// with TLS, valkey:// or valkeys:// alike, or unix:///PATH',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') throw new TypeError('name the host, as in redis://127.0.0.1:6379');
  const db = dbOf(url.pathname.slice(1));
  return { host, port: Number(url.port || '6379'), path: '', username, password, db, tls };
}

function dbOf(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw new TypeError('name the database by its number, as in redis://127.0.0.1:6379/0');
  return Number(text || '0');
}

/** What is wrong with the address of a state; '' where nothing is. Never quotes it: there may be a password in it. */
export function stateUrlFault(text: string): string {
  if (text === 'memory') return '';
  try {
    const addresses = parseStateUrls(text);
    const isCluster = addresses.length > 1;
    if (addresses.length > MOST_NODES) return `name ${MOST_NODES} nodes at most: the others are found through them`;
    return isCluster && addresses.some(({ db }) => db !== 0)
      ? 'a Cluster has no numbered databases: leave the number out'
      : '';
  } catch (error) {
    return error instanceof TypeError ? error.message : PERCENT;
  }
}

const MOST_NODES = 32;
const PERCENT = 'characters such as @ / : # % in a user name or password are written as %40 %2F %3A %23 %25';

/** The same place without user name and password: for people and logs. */
export function shownStateUrl(text: string): string {
  if (stateUrlFault(text) !== '')
    return /^[a-z]+:/.exec(text)?.[0].concat('…') ?? (/[@:/]/.test(text) ? '…' : text.slice(0, 40));
  if (text === 'memory') return text;
  return text
    .split(',')
    .map((one) => {
      const { protocol, host, pathname, search } = new URL(one.trim());
      return `${protocol}//${host}${pathname === '/' ? '' : pathname}${protocol === 'unix:' ? search : ''}`;
    })
    .join(',');
}

/** Whether the state of a configuration is shared with other processes. */
export const isShared = ({ state = 'memory' }: { readonly state?: string | undefined }): boolean => state !== 'memory';
