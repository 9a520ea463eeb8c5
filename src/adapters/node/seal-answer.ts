import { STATUS_CODES } from 'node:http';
import type { Unsealed } from '../../guard/sealed.ts';
import { SEALED_TYPE } from '../../wire/sealed.ts';
import { httpDate } from './send.ts';
import type { Outgoing } from './message.ts';

/** What node's own answers remember besides. */
interface Remembering {
  statusCode: number;
  statusMessage: string;
  getHeaders(): Record<string, number | string | readonly string[] | undefined>;
  removeHeader(name: string): void;
}

/**
 * Seals whatever is written as this answer: status and fields as its head, its body piece by piece. Outside stay what
 * browsers have to see for themselves: cookies, and who may read it.
 */
export function sealAnswer(response: Outgoing, { method, seal }: Unsealed): void {
  const { writeHead, write, end } = response;
  const remembering = isRemembering(response) ? response : null;
  /** Null until the head is out. */
  let bodiless: boolean | null = null;

  const begin = (status: number, given: readonly string[]): boolean => {
    if (bodiless !== null) return bodiless;
    bodiless = method === 'HEAD' || status === 204 || status === 205 || status === 304;
    const fields = [...(remembering === null ? [] : remembered(remembering, given)), ...given];
    const [outside, inside] = parted(fields);
    response.sendDate = false;
    Reflect.apply(writeHead, response, [200, outside]);
    // What the app's own log says of it.
    if (remembering !== null)
      Object.assign(remembering, { statusCode: status, statusMessage: STATUS_CODES[status] ?? '' });
    Reflect.apply(write, response, [Buffer.concat([seal.begin, seal.head(status, inside)])]);
    return bodiless;
  };
  const implied = (): boolean => bodiless ?? begin(remembering?.statusCode ?? 200, []);
  const sealed = (chunk: unknown, encoding: unknown): Uint8Array | null => {
    const without = implied();
    const bytes = without ? null : bytesOf(chunk, encoding);
    return bytes === null || bytes.length === 0 ? null : seal.body(bytes);
  };

  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      begin(status, flat(typeof rest[0] === 'string' ? rest[1] : rest[0]));
      return response;
    },
    flushHeaders() {
      implied();
    },
    write(chunk: unknown, ...rest: unknown[]) {
      const bytes = sealed(chunk, rest[0]);
      const done = rest.find((each) => typeof each === 'function');
      if (bytes !== null) return Reflect.apply(write, response, [bytes, done]);
      if (typeof done === 'function') process.nextTick(() => Reflect.apply(done, null, []));
      return true;
    },
    end(...args: unknown[]) {
      const done = args.find((each) => typeof each === 'function');
      const bytes = sealed(args[0], args[1]) ?? NOTHING;
      if (!response.writableEnded) Reflect.apply(end, response, [Buffer.concat([bytes, seal.end()]), done]);
      return response;
    },
    // Both would go out beside the seal. Nobody waits for either.
    writeEarlyHints(_hints: unknown, done?: unknown) {
      if (typeof done === 'function') process.nextTick(() => Reflect.apply(done, null, []));
    },
    addTrailers() {},
  });
}

const NOTHING = Buffer.alloc(0);

const isRemembering = (response: Outgoing): response is Outgoing & Remembering => 'getHeaders' in response;

/** What was set one by one and is not given now; none of it goes out by itself any more. */
function remembered(response: Remembering, given: readonly string[]): string[] {
  const named = new Set(given.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
  const fields: string[] = [];
  for (const [name, value] of Object.entries(response.getHeaders())) {
    response.removeHeader(name);
    if (!named.has(name)) fields.push(...flat({ [name]: value }));
  }
  return fields;
}

/** Of what `writeHead` takes: an object, a flat list, or a list of pairs. */
function flat(given: unknown): string[] {
  if (typeof given !== 'object' || given === null) return [];
  const pairs: unknown[] = Array.isArray(given)
    ? Array.isArray(given[0])
      ? given.flat(1)
      : given
    : Object.entries(given).flat(1);
  const fields: string[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    for (const value of [pairs[at + 1]].flat()) if (value !== undefined) fields.push(String(pairs[at]), String(value));
  }
  return fields;
}

/** Fields that only work where the browser itself reads them. */
const OUTSIDE = /^(?:set-cookie|access-control-.*|clear-site-data|strict-transport-security|connection|date|vary)$/i;
/** What would speak of another body, or another framing. */
const DROPPED = /^(?:content-length|transfer-encoding|trailer|keep-alive)$/i;
/** What pages of other origins may read of an answer without a word of it (Fetch §3.3.6). */
const SAFELISTED = ['cache-control', 'content-language', 'content-type', 'expires', 'last-modified', 'pragma'];

function parted(fields: readonly string[]): [outside: string[], inside: string[]] {
  const outside: string[] = [];
  const inside: string[] = [];
  const readable = readableBy(fields);
  let dated = false;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = [fields[at] ?? '', fields[at + 1] ?? ''];
    const lower = name.toLowerCase();
    dated ||= lower === 'date';
    if (OUTSIDE.test(name)) outside.push(name, lower === 'set-cookie' ? placed(value) : value);
    if ((!OUTSIDE.test(name) || lower === 'date') && !DROPPED.test(name) && readable(lower)) inside.push(lower, value);
  }
  if (!dated) outside.push('Date', httpDate());
  outside.push('Content-Type', SEALED_TYPE, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff');
  return [outside, inside];
}

/** A cookie without a path would be for where the sealed call went, which is nowhere else. */
const placed = (cookie: string): string => (/;\s*path\s*=\s*\//i.test(cookie) ? cookie : `${cookie}; Path=/`);

/** A page of another origin gets to see what its browser would have shown it of the open answer. */
function readableBy(fields: readonly string[]): (name: string) => boolean {
  const shown = (wanted: string): string | null => {
    const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
    return at === -1 ? null : (fields[at + 1] ?? '');
  };
  if (shown('access-control-allow-origin') === null) return () => true;
  const exposed = (shown('access-control-expose-headers') ?? '').toLowerCase().split(/\s*,\s*/);
  return (name) => SAFELISTED.includes(name) || exposed.includes(name) || name === 'location';
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | null {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return null;
  return Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}
