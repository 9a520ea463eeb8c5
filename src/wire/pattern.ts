import { foldPath, pathTrouble } from './fold.ts';

/** A compiled path pattern. */
export interface Pattern {
  readonly text: string;
  /** Linear in the path's length. The path is in the form the pattern was compiled for. */
  test(path: string): boolean;
}

/**
 * `folded` compares with what `foldPath` gives, for rules that protect; `exact` with raw bytes, for rules that weaken;
 * `opaque` likewise, where encoded slashes and the like are data (dot segments never are).
 */
export type PatternForm = 'folded' | 'exact' | 'opaque';

export interface Route {
  /** As written, or '' for all methods. */
  readonly method: string;
  readonly pattern: string;
}

/** A segment that climbs, in a path that has been decoded as often as a backend may. */
const DOT_SEGMENT = /(?:^|[/\\])\.{1,2}(?:$|[/\\;?#\x00-\x1f\x7f])/;
/** Nobody encodes more often than this in earnest. */
const MOST_DECODINGS = 8;

/**
 * Whether a segment climbs, however it is spelt, also between encoded slashes and however often they are encoded: what
 * a backend takes as data it may still hand to a file system.
 */
function climbs(path: string): boolean {
  let read = path;
  for (let times = 0; times < MOST_DECODINGS; times++) {
    if (DOT_SEGMENT.test(read)) return true;
    const decoded = read.replace(/%([0-7][0-9a-f])/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    if (decoded === read) return false;
    read = decoded;
  }
  return true;
}

type SegmentTest = (segment: string) => boolean;

/**
 * Compiles `/api/posts/:id`, `/files/*.json`, `/api/**`: `*` is any part of one segment (a whole segment is never
 * empty), `:name` one segment, a closing `**` any rest or none, so that `/api/**` matches `/api`.
 * An exact pattern never matches a path that `pathTrouble` complains of.
 * Throws TypeError naming the rule that the pattern breaks.
 */
export function compilePattern(text: string, form: PatternForm = 'folded'): Pattern {
  const trouble = patternTrouble(text);
  if (trouble !== '') throw new TypeError(`pattern ${JSON.stringify(text)}: ${trouble}`);
  const pieces = segmentsOf(text, form);
  const open = pieces.at(-1) === '**';
  const tests = (open ? pieces.slice(0, -1) : pieces).map((piece) => compileSegment(piece, form));
  const test = (path: string): boolean => matches(tests, open, segmentsOf(path, form));
  if (form === 'folded') return { text, test };
  const fits = form === 'exact' ? (path: string) => pathTrouble(path) === '' : (path: string) => !climbs(path);
  return { text, test: (path) => test(path) && fits(path) };
}

/** Splits `GET /a/:id` or `/a/**`. Throws TypeError when it is neither; the pattern itself is compiled apart. */
export function parseRoute(text: string): Route {
  const match = /^(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+) )?(\/\S*)$/.exec(text);
  if (match === null) {
    throw new TypeError(`route ${JSON.stringify(text)}: write "METHOD /path" or "/path", with one space between`);
  }
  return { method: match[1] ?? '', pattern: match[2] ?? '' };
}

function patternTrouble(text: string): string {
  if (!text.startsWith('/')) return 'begins with "/"';
  if (text.length > 1024 || !text.isWellFormed()) return 'has at most 1024 characters, all of them Unicode';
  if (/[?#]/.test(text)) return 'names a path only, without query and fragment';
  if (text.includes(';')) return 'names no matrix parameters';
  if (/[\x00-\x20\x7f]/.test(text)) return 'holds no spaces or control characters';
  if (text.slice(0, -2).includes('**') || (text.endsWith('**') && !text.endsWith('/**'))) {
    return '"**" stands only as the last segment';
  }
  if (/\/:(?![A-Za-z_]\w*(?:\/|$))/.test(text)) return '":name" is a whole segment of letters, digits and "_"';
  // What a name stands for is read by it, as a field of an object.
  if (/\/:__proto__(?:\/|$)/.test(text)) return '"__proto__" names no segment; call it otherwise';
  if (pathTrouble(encodeURI(text).replaceAll('%25', '%')) !== '') {
    return 'holds no backslash, dot segment, encoded slash or malformed percent sequence';
  }
  return '';
}

function segmentsOf(path: string, form: PatternForm): string[] {
  const segments = path.slice(1).split('/');
  if (form === 'exact') return segments;
  return segments.filter((segment) => segment !== '');
}

function compileSegment(piece: string, form: PatternForm): SegmentTest {
  if (piece.startsWith(':')) return (segment) => segment !== '';
  const literals = piece.split('*').map((literal) => literalOf(literal, form));
  const [head = ''] = literals;
  if (literals.length === 1) return (segment) => segment === head;
  const tail = literals.at(-1) ?? '';
  const middle = literals.slice(1, -1);
  return (segment) => matchesParts(segment, head, middle, tail);
}

function literalOf(literal: string, form: PatternForm): string {
  if (form === 'folded') return foldPath(`/${literal}`).slice(1);
  return literal.replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text));
}

/** Leftmost fit of each part in turn is enough for `*`, and never goes back. */
function matchesParts(segment: string, head: string, middle: readonly string[], tail: string): boolean {
  if (segment === '' || segment.length < head.length + tail.length) return false;
  if (!segment.startsWith(head) || !segment.endsWith(tail)) return false;
  let at = head.length;
  const end = segment.length - tail.length;
  for (const part of middle) {
    const found = segment.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function matches(tests: readonly SegmentTest[], open: boolean, segments: readonly string[]): boolean {
  if (open ? segments.length < tests.length : segments.length !== tests.length) return false;
  return tests.every((test, index) => test(segments[index] ?? ''));
}
