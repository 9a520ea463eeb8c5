/**
 * Two forms of a path (docs/protocol.md §7). The raw one is signed and forwarded byte for byte; the folded one made
 * here is what protecting rules match, because backends disagree about what names the same thing.
 */

/** Why a path is refused where its route does not take encoded paths as they are. */
export type PathTrouble = '' | 'encoded' | 'control' | 'fragment';

/** Lower case, nothing to decode, no empty segment, no parameter: already folded. */
const FOLDED = /^(?:\/[a-z0-9\-._~!$&'()*+,=:@]+)+$/;

/**
 * Policy's form of a raw path: percent sequences decoded except those that are structure or data apart (`/ \ % ? #`
 * and controls, kept as lower-case `%hh`), case folded, matrix parameters and empty segments dropped, no trailing
 * slash. `/` for an empty path. Folding twice changes nothing.
 */
export function foldPath(rawPath: string): string {
  if (FOLDED.test(rawPath)) return rawPath;
  // All of it at once: a path may have as many segments as its head has room for.
  const folded = (rawPath.includes('%') ? decodePath(rawPath) : rawPath)
    .replace(/;[^/]*/g, '')
    // Up, then down: also `ı`, `ſ` and the Kelvin sign, which some backends compare equal to `i`, `s` and `k`.
    .toUpperCase()
    .toLowerCase()
    .replace(/\/{2,}/g, '/');
  const rooted = folded.startsWith('/') ? folded : `/${folded}`;
  return rooted.length > 1 && rooted.endsWith('/') ? rooted.slice(0, -1) : rooted;
}

function decodePath(rawPath: string): string {
  return (
    rawPath
      // A `%` that begins no sequence is itself: written as it would have been, so that folding is idempotent.
      .replace(/%(?![0-9a-f]{2})/gi, '%25')
      .replace(/(?:%[0-9a-f]{2})+/gi, decodeRun)
  );
}

/** One character in UTF-8, as long as its first byte says; kept ones (`/ \ % ? #` and controls) left out. */
const CHARACTER =
  /%(?!2f|5c|25|3f|23|7f)[2-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;

function decodeRun(run: string): string {
  return run.replace(CHARACTER, (sequence) => {
    try {
      return decodeURIComponent(sequence);
    } catch {
      return sequence;
    }
  });
}

/** What decodes to another sequence: `%25` before two hexadecimal digits, which may be encoded themselves. */
const TWICE = '25(?:[0-9a-f]|%3[0-9]|%[46][1-6]){2}';
const ENCODED = new RegExp(
  `\\\\|%(?![0-9a-f]{2})|%(?:2f|5c|[01][0-9a-f]|7f|${TWICE}|c[01]|e0%[89]|f0%8|f8%8|fc%8)`,
  'i',
);

/** The usual path: printable, unencoded. Only dot segments are left to look for. */
const PLAIN = /^[A-Za-z0-9\-_~!$&'()*+,=:@/]*$/;

/**
 * What makes a raw path ambiguous, '' for nothing.
 * - `control`: a raw control character, space, DEL or non-ASCII character (RFC 9112 §3.2)
 * - `fragment`: a raw `#`
 * - `encoded`: encoded slash or backslash, raw backslash, dot segments raw or encoded (with or without matrix
 *   parameters), encoded control characters, a percent sequence that decodes to another one (`%252f`, `%2561`,
 *   `%25%36%31`), UTF-8 longer than needed, and a `%` that begins no sequence
 */
export function pathTrouble(rawPath: string): PathTrouble {
  if (PLAIN.test(rawPath)) return '';
  if (/[^\x21-\x7e]/.test(rawPath)) return 'control';
  if (rawPath.includes('#')) return 'fragment';
  if (ENCODED.test(rawPath)) return 'encoded';
  return /(?:^|\/)(?:\.|%2e){1,2}(?:$|\/|;|%3b)/i.test(rawPath) ? 'encoded' : '';
}
