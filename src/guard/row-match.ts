import { foldPath } from '../wire/fold.ts';
import { compilePattern } from '../wire/pattern.ts';
import { bothOf, remembered } from './methods.ts';
import type { Policy, RouteRule } from './policy.ts';

/** A rule, and which requests fall under it. */
export interface Row {
  readonly rule: RouteRule;
  /** Compared with the raw path where the row weakens, with the folded one where it protects (DESIGN §5). */
  readonly exact: boolean;
  readonly test: (path: string, method: string) => boolean;
  /** What it asks of the other spellings of its path, where its own bytes alone choose it; null or absent for nothing. */
  readonly elsewhere?: { readonly rule: RouteRule; readonly test: (folded: string) => boolean } | null;
}

/** Raw paths whose rule is remembered, and how long they may be; the table starts anew when it is full. */
const REMEMBERED_PATHS = 4096;
const LONGEST_REMEMBERED = 256;

/**
 * Finds the first row that fits; answers for paths seen before from memory. A row that weakens is chosen by its exact bytes
 * alone, but what it asks is asked of its path’s other spellings, too, beside what the row asks that takes those: a backend
 * may serve them as the same, and a login that `/admin` needs must not be gone with `/admin/`.
 */
export function matcher(rows: readonly Row[], loosePaths: boolean): Policy['match'] {
  const both = remembered(bothOf);
  const nobodys = remembered((rule) => Object.freeze({ ...rule, unlisted: true }));
  const asksBoth = (rule: RouteRule, passed: readonly RouteRule[]): RouteRule =>
    passed.reduce((joined, other) => both(other, joined), rule);
  const findRow = (method: string, path: string, folded: string): RouteRule => {
    const protectedPath = loosePaths ? folded : path;
    const passed: RouteRule[] = [];
    for (const row of rows) {
      if (!takesMethod(row.rule.method, method)) continue;
      if (row.test(row.exact ? path : protectedPath, method)) return asksBoth(row.rule, passed);
      if (row.elsewhere?.test(folded) === true) passed.push(row.elsewhere.rule);
    }
    return (rows[rows.length - 1] as Row).rule;
  };
  const find = (method: string, path: string, folded: string): RouteRule => {
    const rule = findRow(method, path, folded);
    if (!loosePaths) return rule;
    const readings = otherReadings(path);
    if (readings.length > MOST_READINGS) return nobodys(rule, rule);
    return asksBoth(
      rule,
      readings.map((rest) => findRow(method, rest, foldPath(rest))),
    );
  };
  let known = new Map<string, Map<string, RouteRule>>();
  let size = 0;
  return (method, path, folded) => {
    const found = known.get(method)?.get(path);
    if (found !== undefined) return found;
    if (size >= REMEMBERED_PATHS) {
      known = new Map();
      size = 0;
    }
    const rule = find(method, path, folded);
    if (path.length > LONGEST_REMEMBERED || method.length > LONGEST_REMEMBERED) return rule;
    const paths = known.get(method) ?? new Map<string, RouteRule>();
    // A copy: the path was cut out of a target, and would keep all of its query alive.
    known.set(method, paths.set(Buffer.from(path).toString(), rule));
    size++;
    return rule;
  };
}

/** Paths that some backends serve this one as. What either is asked for, it is asked for. */
function otherReadings(path: string): readonly string[] {
  const rest = behindHost(path);
  const behind = rest === '' ? [] : [rest];
  return /\.|%2e/i.test(path) ? [...behind, ...[path, ...behind].flatMap(behindScripts)] : behind;
}

/**
 * What is left of `//x/api` for whoever reads it as a reference (RFC 3986 §4.2), in which `x` is a host: `new URL(request.url,
 * base)`, PHP's `parse_url`. '' for any other path.
 */
function behindHost(path: string): string {
  const [, rest] = /^\/{2,}[^/]*(.*)$/s.exec(path) ?? [];
  return rest === '' ? '/' : (rest ?? '');
}

/** A program that may get what stands behind it in a path as its own (RFC 3875 §4.1.5). */
const SCRIPT = /\.(?:php\d?|phtml|f?cgi|pl|cfm)$/;
/** No path of an app has more. Which of them a backend takes is not to be found by looking at some: it is refused. */
const MOST_READINGS = 8;

/** `/api` of `/index.php/api`, as Laravel, Symfony and most of PHP serve it; of several programs each may be the one. */
function behindScripts(path: string): readonly string[] {
  const segments = path.split('/');
  const scripts = segments.flatMap((segment, index) => (SCRIPT.test(foldPath(`/${segment}`)) ? [index + 1] : []));
  return scripts
    .filter((index) => index < segments.length)
    .slice(0, MOST_READINGS + 1)
    .map((index) => `/${segments.slice(index).join('/')}`);
}

/** HEAD falls under GET's rule (RFC 9110 §9.3.2). */
export const takesMethod = (rowMethod: string, method: string): boolean =>
  rowMethod === '' || rowMethod === method || (rowMethod === 'GET' && method === 'HEAD');

/** Whether a path fits: byte for byte, or as it is folded. */
export function tester(pattern: string, exact: boolean): (path: string) => boolean {
  const compiled = compilePattern(pattern, exact ? 'exact' : 'folded');
  return (path) => compiled.test(path);
}

/** Where encoded slashes are data, what they encode can hide no dot segment. */
export function opaqueTester(pattern: string): (path: string) => boolean {
  const compiled = compilePattern(pattern, 'opaque');
  return (path) => compiled.test(path);
}

/** Some path that a pattern fits: one that no other pattern names by chance. */
export function sampleOf(pattern: string): string {
  return pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'sample-of-a-name');
}
