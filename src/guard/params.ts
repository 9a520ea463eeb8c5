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

/**
 * Reads the `:names` of a pattern from raw paths. Null where they cannot be told for certain: a malformed percent
 * sequence, or segments that fold away in some places only.
 */
export function compileParams(pattern: string): (path: string) => Params | null {
  const pieces = segmentsOf(pattern);
  const open = pieces.at(-1) === '**';
  const least = open ? pieces.length - 1 : pieces.length;
  const named = pieces.flatMap((piece, index) => {
    const name = NAME.exec(piece)?.[1];
    return name === undefined ? [] : [{ name, index }];
  });
  return (path) => {
    if (named.length === 0) return NONE;
    const segments = segmentsOf(path);
    if (open ? segments.length < least : segments.length !== least) return null;
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

const NONE: Params = Object.freeze({ raw: Object.freeze({}), decoded: Object.freeze({}) });

/** Those that policy's form of a path has as well: what folds to nothing names nothing. */
const segmentsOf = (path: string): string[] =>
  path.split('/').filter((segment) => segment !== '' && foldPath(`/${segment}`) !== '/');

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
