import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { createMarks, type Marks } from '../learning/marks.ts';
import type { Observation } from '../learning/observation.ts';
import { queryShape, withoutValues } from '../learning/query.ts';
import { LONGEST_BODY, type Shape, shapeOfText } from '../learning/shape.ts';
import { withoutKeys } from '../wire/key.ts';
import { fieldOf } from './fieldlist.ts';

/** Lets one person watch what passes, for `sallyport learn`. While nobody does, nothing is kept and nothing computed. */
export interface Observing {
  /** What is to be heard of one answer; null where nobody watches, or it is none of theirs. */
  begin(decision: Decision, view: RequestView, status: number, fields: readonly string[]): ObservedAnswer | null;
}

/** The body of an answer as it passes. */
export interface ObservedAnswer {
  add(chunk: Uint8Array): void;
  end(): void;
}

/** One watch of a gate: of several workers all have the same. */
export interface Watching {
  /** Names the watch. */
  readonly token: string;
  /** Of the marks ({@link createMarks}): under one key an id is known again, whichever worker gave it. */
  readonly key: string;
  /** Bytes of observations that may wait to be fetched. */
  readonly most: number;
}

/** Who watches, and what they have not fetched yet. */
export interface ObservingDesk extends Observing {
  /** Begins to watch; false where somebody else does. */
  open(watching: Watching): boolean;
  /** What came after the observation of this number, which with all before it is forgotten; null for no such watch. */
  after(token: string, number: number): ObservedPage | null;
  close(token: string): boolean;
}

export interface ObservedPage {
  /** One observation in each line. */
  readonly lines: readonly string[];
  /** Number of the last of them. */
  readonly last: number;
  /** Observations that were dropped because nobody fetched them in time. */
  readonly lost: number;
  /** Milliseconds since 1970: what began before then has been told, but for answers that take long. */
  readonly until: number;
  /** Workers that ended meanwhile: what they had heard and not told is lost, and nobody knows how much. */
  readonly ended: number;
}

/** Bytes of observations that wait to be fetched in a gate. */
export const MOST_WAITING = 16 * 1024 * 1024;
/** Whoever does not fetch for so long is gone: milliseconds. */
export const PATIENCE = 15_000;
const PAGE = 2000;

interface Watch extends Watching {
  readonly marks: Marks;
  /** Number of the first that waits. */
  first: number;
  lines: string[];
  bytes: number;
  lost: number;
  heard: number;
}

export function createObserving(monotonic: () => number, wall: () => number): ObservingDesk {
  let watch: Watch | null = null;
  const current = (): Watch | null => {
    if (watch !== null && monotonic() - watch.heard > PATIENCE) watch = null;
    return watch;
  };
  const named = (token: string): Watch | null => (current()?.token === token ? watch : null);
  const keep = (to: Watch, observation: Observation): void => {
    if (to !== watch) return;
    const line = JSON.stringify(observation);
    if (to.bytes + line.length > to.most) {
      to.lost += 1;
      return;
    }
    to.lines.push(line);
    to.bytes += line.length;
  };
  return {
    begin(decision, view, status, fields) {
      if (watch === null) return null;
      const to = current();
      if (to === null || decision.route.level === 'open') return null;
      const seen = observe(decision, view, status, to.marks, wall());
      const read = readerOf(fields, status);
      if (read === null) {
        // There is nothing to wait for: a stream may stay open for hours.
        keep(to, seen);
        return null;
      }
      return {
        add: (chunk) => read.add(chunk),
        end: () => keep(to, { ...seen, answer: read.shape(to.marks) }),
      };
    },
    open(watching) {
      if (current() !== null) return false;
      const marks = createMarks(watching.key);
      watch = { ...watching, marks, first: 1, lines: [], bytes: 0, lost: 0, heard: monotonic() };
      return true;
    },
    after(token, number) {
      const to = named(token);
      if (to === null) return null;
      to.heard = monotonic();
      const done = to.lines.splice(0, Math.max(0, number - to.first + 1));
      to.first += done.length;
      to.bytes -= done.reduce((sum, line) => sum + line.length, 0);
      const lines = to.lines.slice(0, PAGE);
      const isAll = lines.length === to.lines.length;
      const until = isAll ? wall() : timeOf(lines.at(-1) ?? '');
      return { lines, last: to.first + lines.length - 1, lost: to.lost, until, ended: 0 };
    },
    close(token) {
      const isOpen = named(token) !== null;
      if (isOpen) watch = null;
      return isOpen;
    },
  };
}

/** When an observation was made: each line begins with it. */
export const timeOf = (line: string): number => Number(/^\{"time":(\d+)/.exec(line)?.[1] ?? 0);

/** Paths as records keep them; no value of the query or of any body, no header field but the User-Agent. */
function observe(decision: Decision, view: RequestView, status: number, marks: Marks, now: number): Observation {
  const path = withoutKeys(view.path);
  const { contentType, referer, userAgent } = view.headers;
  const [type = ''] = contentType.toLowerCase().split(';');
  const body = decision.body === null || !/json/.test(type) ? null : Buffer.from(decision.body).toString();
  return {
    time: now,
    session: decision.session,
    prefix: decision.prefix,
    method: view.method,
    target: path,
    query: withoutValues(queryShape(view.query.slice(1))),
    status,
    agent: userAgent.slice(0, 256),
    carrier: decision.carrier,
    page: withoutKeys(URL.parse(referer)?.pathname ?? ''),
    type: type.trim(),
    request: body === null ? null : shapeOfText(body, marks),
    answer: null,
    marks: marks.ofPath(path),
    verified: isVerified(decision),
    exchange: null,
  };
}

/** Calls that a page’s key signed; and what cannot be signed, by a session that entered. */
function isVerified({ level, session, carrier, key }: Decision): boolean {
  if (level === 'proof') return true;
  const cannotSign = carrier === 'media' || carrier === 'navigation' || carrier === 'form';
  return key === null && session !== '' && cannotSign;
}

interface Reader {
  add(chunk: Uint8Array): void;
  shape(marks: Marks): Shape | null;
}

/** Collects the body of a JSON answer, up to a bound; null where the answer is none. */
function readerOf(fields: readonly string[], status: number): Reader | null {
  if (status >= 300 || !/^application\/(?:[\w.-]+\+)?json/i.test(fieldOf(fields, 'content-type'))) return null;
  const coding = fieldOf(fields, 'content-encoding').toLowerCase();
  let parts: Uint8Array[] | null = [];
  let size = 0;
  return {
    add(chunk) {
      size += chunk.length;
      if (size > LONGEST_BODY) parts = null;
      parts?.push(chunk);
    },
    shape(marks) {
      const bytes = parts === null ? null : decoded(Buffer.concat(parts), coding);
      return bytes === null ? null : shapeOfText(bytes.toString(), marks);
    },
  };
}

function decoded(bytes: Buffer, coding: string): Buffer | null {
  const bound = { maxOutputLength: LONGEST_BODY };
  try {
    if (coding === '' || coding === 'identity') return bytes;
    if (coding === 'gzip') return gunzipSync(bytes, bound);
    if (coding === 'br') return brotliDecompressSync(bytes, bound);
    return coding === 'deflate' ? inflateSync(bytes, bound) : null;
  } catch {
    return null;
  }
}
