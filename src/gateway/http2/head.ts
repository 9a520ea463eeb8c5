/** A request's head as HTTP/1.1 would have it: a Host line first, one Cookie line, no pseudo fields. */
export interface Head {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value … */
  readonly fields: string[];
  /** What RFC 9113 calls malformed and node's parser lets pass. */
  readonly malformed: boolean;
}

/** RFC 9113 §8.2.2: they speak of a connection, which HTTP/2 does itself. */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** A character that no field may hold (RFC 9113 §8.2.1). */
const BROKEN = /[\0\r\n]/;

/** @param raw field lines as they came, pseudo fields first */
export function readHead(raw: readonly string[]): Head {
  let method = '';
  let target = '';
  let authority = '';
  let cookie = '';
  let malformed = false;
  let host = '';
  const fields: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (BROKEN.test(value)) malformed = true;
    if (name === ':method') method = value;
    else if (name === ':path') target = value;
    else if (name === ':authority') authority = value;
    else if (name === ':scheme') malformed ||= value !== 'https';
    else if (name.startsWith(':')) malformed = true;
    else if (name === 'host') {
      // Who names two hosts wants two readers to disagree.
      malformed ||= host !== '' || value === '';
      host = value;
    }
    // Browsers split it for better compression (RFC 9113 §8.2.3).
    else if (name === 'cookie') cookie = cookie === '' ? value : `${cookie}; ${value}`;
    else {
      if (CONNECTION_SPECIFIC.has(name) || (name === 'te' && value !== 'trailers')) malformed = true;
      fields.push(name, value);
    }
  }
  if (cookie !== '') fields.push('cookie', cookie);
  if (authority === '') authority = host;
  else if (host !== '' && host.toLowerCase() !== authority.toLowerCase()) malformed = true;
  if (method === 'CONNECT' || authority.includes('@')) malformed = true;
  return { method, target, fields: authority === '' ? fields : ['host', authority, ...fields], malformed };
}
