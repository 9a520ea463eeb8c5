import { PAGE_POLICY } from '../guard/page.ts';
import { CODES, type Code } from '../wire/codes.ts';
import { HEADER_DECISION } from '../wire/constants.ts';
import { field, type RawAnswer } from './http.ts';

/**
 * Who answered. `gate`: refused, with this code. `backend`: admitted, whatever it said: also its 404 is
 * an admission. `nobody`: the connection ended without an answer. Code `unknown` where only a refusal's head could be
 * read; `preflight` where the browser kept the request back after the gate's answer to its preflight.
 */
export type AnswerKind =
  | { readonly by: 'gate'; readonly code: Code | 'unknown' | 'preflight' }
  | { readonly by: 'backend' }
  | { readonly by: 'nobody'; readonly why: string };

/** What is kept of an answer to compare others with. */
export interface Sample {
  readonly kind: AnswerKind;
  readonly status: number;
  readonly mediaType: string;
  readonly body: Uint8Array;
}

export const BACKEND: AnswerKind = { by: 'backend' };

/** Codes by which the gate says that the backend failed: the request itself was let through. */
const AFTER_ADMISSION: ReadonlySet<string> = new Set(['upstream', 'upstream-timeout']);

/**
 * Tells a refusal of the gate from an answer of the backend. A refusal carries a code of our table and, in its body,
 * the id that the decision header names: the backend never learns that id. Everything else came from behind the gate.
 */
export function kindOf(answer: RawAnswer): AnswerKind {
  if (answer.failed !== '') return { by: 'nobody', why: answer.failed };
  if (answer.status < 400) return BACKEND;
  const code = answer.body.length === 0 ? codeByHead(answer.fields) : codeByBody(answer);
  return code === null || AFTER_ADMISSION.has(code) ? BACKEND : { by: 'gate', code };
}

/** For answers whose body nobody can read: HEAD, and other sites' pages. The code stays unknown. */
export function codeByHead(fields: readonly string[]): 'unknown' | null {
  if (field(fields, HEADER_DECISION) === '' || field(fields, 'cache-control') !== 'no-store') return null;
  const page = field(fields, 'content-security-policy') === PAGE_POLICY;
  return mediaType(fields) === 'application/problem+json' || page ? 'unknown' : null;
}

function codeByBody(answer: RawAnswer): Code | null {
  const id = field(answer.fields, HEADER_DECISION);
  if (mediaType(answer.fields) === 'application/problem+json') return codeInProblem(answer.body, id);
  const text = Buffer.from(answer.body).toString('utf8');
  if (id === '' || !text.includes(`<code>${id}</code>`)) return null;
  const code = /<code>([a-z-]+)<\/code>/.exec(text)?.[1] ?? '';
  return isCode(code) ? code : null;
}

function codeInProblem(body: Uint8Array, id: string): Code | null {
  const problem = parseJson(body);
  if (typeof problem !== 'object' || problem === null || !('code' in problem) || !('id' in problem)) return null;
  if (id !== '' && problem.id !== id) return null;
  return typeof problem.code === 'string' && isCode(problem.code) ? problem.code : null;
}

/** JSON in UTF-8; undefined where it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function isCode(text: string): text is Code {
  return Object.hasOwn(CODES, text);
}

export function mediaType(fields: readonly string[]): string {
  return (field(fields, 'content-type').split(';')[0] ?? '').trim().toLowerCase();
}

export function sampleOf(answer: RawAnswer): Sample {
  return { kind: kindOf(answer), status: answer.status, mediaType: mediaType(answer.fields), body: answer.body };
}

/**
 * Whether two answers are the same thing served twice, allowing for bodies that change from call to call (times,
 * ids): same status and media type, and the same bytes, or the same JSON shape, or nearly the same text.
 */
export function resembles(a: Sample, b: Sample): boolean {
  if (a.status !== b.status || a.mediaType !== b.mediaType) return false;
  if (Buffer.compare(a.body, b.body) === 0) return true;
  const shapeA = jsonShape(a.body);
  const shapeB = jsonShape(b.body);
  if (shapeA !== '' || shapeB !== '') return shapeA === shapeB;
  return sharedEnds(a.body, b.body) >= 0.8 * Math.max(a.body.length, b.body.length);
}

function jsonShape(body: Uint8Array): string {
  const value = parseJson(body);
  if (value === undefined) return '';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'object' || value === null) return typeof value;
  return `object ${Object.keys(value).sort().join(',')}`;
}

/** Bytes that two bodies share at their beginning and end. */
function sharedEnds(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  return head + tail;
}
