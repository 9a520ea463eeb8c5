import { isLoopback } from '../lib/loopback.ts';

/** An address that the lab may attack, taken apart once. */
export interface Target {
  /** `http://127.0.0.1:4000` */
  readonly origin: string;
  readonly secure: boolean;
  /** Host name without port and brackets. */
  readonly hostname: string;
  readonly port: number;
  /** What the Host field says: `127.0.0.1:4000`. */
  readonly authority: string;
  /** Path and query as given. */
  readonly path: string;
  readonly query: string;
}

/** The address or an option was not acceptable: the command line prints it as one line and exits 2. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: 'url' | 'not-loopback' | 'option' | 'unreachable';
  constructor(code: LabError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Takes a loopback URL apart. The path is kept byte for byte where it can be (a URL parser would resolve dot
 * segments), because the proof covers it as it is sent.
 */
export function parseTarget(text: string): Target {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new LabError(
      'url',
      `attack takes an http: or https: URL, such as http://localhost:4000/api/posts, not "${text}"`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new LabError('url', 'attack takes a URL without a user name or password');
  }
  if (!isLoopback(url.hostname)) {
    throw new LabError(
      'not-loopback',
      `attack runs only against loopback (localhost, 127.0.0.0/8, [::1]), not "${url.hostname}": attacking other people's servers is not what it is for; run it on the machine of the gate`,
    );
  }
  const secure = url.protocol === 'https:';
  return {
    origin: url.origin,
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
    path: url.pathname,
    query: url.search,
  };
}

/** The same origin, at another path and query. */
export function targetAt(target: Target, at: string): Target {
  const mark = at.indexOf('?');
  return { ...target, path: mark < 0 ? at : at.slice(0, mark), query: mark < 0 ? '' : at.slice(mark) };
}

export { isLoopback };
