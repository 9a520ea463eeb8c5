import { foldPath } from '../wire/fold.ts';

/** What a pattern's `:names` stand for in one request. */
export interface Params {
  /** As sent. */
  readonly raw: Readonly<Record<string, string>>;
  /** Percent-decoded. */
  readonly decoded: Readonly<Record<string, string>>;
}

const NAME = /^:([A-Za-z_]\w*)$/;

/** Names in a pattern, in order. */
export function namesIn(pattern: string): string[] {
  return segmentsOf(pattern).flatMap((piece) => NAME.exec(piece)?.[1] ?? []);
}

/** What of a pattern decides where its names stand. */
interface Shape {
  readonly named: readonly { readonly name: string; readonly index: number }[];
  /** Whether a path with so many segments is one of the pattern's. */
  takes(segments: number): boolean;
}

function shapeOf(pattern: string): Shape {
  const pieces = segmentsOf(pattern);
  const open = pieces.at(-1) === '**';
  const least = open ? pieces.length - 1 : pieces.length;
  const named = pieces.flatMap((piece, index) => {
    const name = NAME.exec(piece)?.[1];
    return name === undefined ? [] : [{ name, index }];
  });
  return { named, takes: (segments) => (open ? segments >= least : segments === least) };
}

/**
 * Reads the `:names` of a pattern from raw paths. Null where they cannot be told for certain: a malformed percent
 * sequence, or segments that fold away in some places only.
 */
export function compileParams(pattern: string): (path: string) => Params | null {
  const { named, takes } = shapeOf(pattern);
  return (path) => {
    if (named.length === 0) return NONE;
    const segments = segmentsOf(path);
    if (!takes(segments.length)) return null;
    const raw: Record<string, string> = {};
    const decoded: Record<string, string> = {};
    for (const { name, index } of named) {
      const segment = segments[index] ?? '';
      const value = decode(segment);
      if (value === null) return null;
      raw[name] = segment;
      decoded[name] = value;
    }
    return { raw, decoded };
  };
}

/**
 * Reads one name alone, percent-decoded, as {@link compileParams} would: '' where that has null, or no such name. Most paths
 * are plain, and then nothing is made of them but the segment that is asked for.
 */
export function compileParam(pattern: string, name: string): (path: string) => string {
  const paramsOf = compileParams(pattern);
  const { named, takes } = shapeOf(pattern);
  const wanted = named.findLast((one) => one.name === name)?.index ?? -1;
  return (path) => {
    if (wanted < 0) return '';
    if (!isPlain(path)) return paramsOf(path)?.decoded[name] ?? '';
    let found = '';
    let segments = 0;
    for (let start = 0; start < path.length; ) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      if (end > start) {
        if (segments === wanted) found = path.slice(start, end);
        segments += 1;
      }
      start = end + 1;
    }
    return takes(segments) ? found : '';
  };
}

/** No percent sequence and no matrix parameter: nothing is decoded, and only empty segments fold away. */
const isPlain = (path: string): boolean => !path.includes('%') && !path.includes(';');

const NONE: Params = Object.freeze({ raw: Object.freeze({}), decoded: Object.freeze({}) });

/** Those that policy's form of a path has as well: what folds to nothing names nothing. */
function segmentsOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  return isPlain(path) ? segments : segments.filter((segment) => foldPath(`/${segment}`) !== '/');
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
