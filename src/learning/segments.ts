/** Numbers, UUIDs, ULIDs, long hexadecimal, and anything long with digits in it that is no slug. */
const ID = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_]{12,})$/i;
/** `feed`, `sign-in`, `v1`, `robots.txt`. */
const WORD = /^[A-Za-z][A-Za-z]{0,23}(?:[-_.][A-Za-z]{1,12})?\d?$/;

/** Whether a segment of a path can only be an identifier. */
export const isId = (segment: string): boolean => ID.test(segment);

/** Whether a segment looks like a name that somebody gave to a route. */
export const isWord = (segment: string): boolean => WORD.test(segment);
