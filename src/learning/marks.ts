import { hash, randomBytes } from 'node:crypto';

/**
 * Keyed hashes of scalar values: by them an id in a path is recognized in an earlier answer, without either being kept. The
 * key is drawn at random and gone with whoever reads.
 */
export interface Marks {
  /** 11 characters; '' for what names nothing: '', and text of more than 255 characters. */
  of(value: string): string;
  /** Of each segment of a path, percent sequences resolved. */
  ofPath(path: string): readonly string[];
}

const LONGEST = 255;
const LENGTH = 11;
const MOST_SEGMENTS = 16;

/** A key that nobody can guess: 64 characters. */
export const createMarksKey = (): string => randomBytes(32).toString('hex');

/** @param key of 64 characters. Default: one of its own. */
export function createMarks(key: string = createMarksKey()): Marks {
  // The key is of one length and stands in front: nobody sees whole digests, whose lengths could be extended.
  const of = (value: string): string =>
    value === '' || value.length > LONGEST ? '' : hash('sha256', key + value, 'base64url').slice(0, LENGTH);
  return {
    of,
    ofPath: (path) =>
      path
        .split('/')
        .slice(1, MOST_SEGMENTS + 1)
        .map((segment) => of(decoded(segment))),
  };
}

/** Reads without hashing: for sources whose bodies nobody compares. */
export const NO_MARKS: Marks = Object.freeze({ of: () => '', ofPath: () => Object.freeze([]) });

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
