import { realpathSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { mime, send } from '@fastify/send';
import type { Decision } from '../guard/decision.ts';
import type { RouteRule } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { fieldOf, withField, without } from './fieldlist.ts';
import { withVary } from './fields.ts';
import type { Pages } from './page.ts';

/** An answer whose body is still to be read; the reader destroys it when the client leaves. */
export interface StreamAnswer {
  readonly status: number;
  /** Flat list: name, value, name, value … */
  readonly fields: readonly string[];
  /** Null for none: HEAD, 304, redirects. */
  readonly body: Readable | null;
}

export interface Frontend {
  /** Whether the folder answers this request: what no row of the policy names and a file could answer. */
  takes(view: RequestView, decision: Decision): boolean;
  /** Answers from the folder; never rejects. */
  handle(view: RequestView, decision: Decision): Promise<StreamAnswer>;
}

/** Forms of a file that a build may have written beside it, best first. */
const PRECOMPRESSED = [
  { coding: 'br', suffix: '.br' },
  { coding: 'gzip', suffix: '.gz' },
] as const;

/**
 * Serves a built frontend. Files come by `@fastify/send` (conditions, ranges, media types, dotfiles, `..`); here is what
 * it leaves open: links that lead out of the folder, precompressed forms, and the single-page fallback, which is for
 * navigations only: an asset that is missing is missing.
 *
 * @param folder must exist
 * @throws Error where it does not
 */
export function createFrontend(folder: string, pages: Pages): Frontend {
  const root = realpathSync(folder);
  return {
    takes: (view, { route }) =>
      (route.name === 'default' || isCatchAll(route)) &&
      (view.method === 'GET' || view.method === 'HEAD') &&
      view.headers.upgrade === '',
    async handle(view, decision) {
      if (view.method !== 'GET' && view.method !== 'HEAD') return NOT_ALLOWED;
      try {
        const fields = pages.requestFields(view, conditionsOf(view));
        const found = await findFile(root, view, fields);
        return found === null ? plain(404, 'Not found\n') : throughPages(pages, view, decision, found);
      } catch {
        return plain(500, 'The file cannot be read\n');
      }
    },
  };
}

/** `GET /**` at level `open`, as the preset `strict` has it: documents and assets. */
function isCatchAll(route: RouteRule): boolean {
  return route.level === 'open' && route.pattern === '/**';
}

const NOT_ALLOWED: StreamAnswer = { status: 405, fields: ['Allow', 'GET, HEAD', 'Content-Length', '0'], body: null };

/** Request fields that files are chosen by. */
const CHOOSING = [
  'accept-encoding',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
];

function conditionsOf(view: RequestView): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < view.fields.length; at += 2) {
    const name = (view.fields[at] ?? '').toLowerCase();
    if (CHOOSING.includes(name) && !kept.includes(name)) kept.push(name, view.fields[at + 1] ?? '');
  }
  return kept;
}

async function findFile(root: string, view: RequestView, fields: readonly string[]): Promise<StreamAnswer | null> {
  if (!isPlainPath(view.path)) return null;
  const exact = await sendFile(root, view, view.path, fields);
  if (exact !== null) return exact;
  return isNavigation(view) ? sendFile(root, view, '/index.html', fields) : null;
}

/** No encoded separators, no NUL, nothing that is not UTF-8: none of it names a file of a build. */
function isPlainPath(path: string): boolean {
  if (!path.startsWith('/') || /%2f|%5c|%00|\\/i.test(path)) return false;
  try {
    return !decodeURIComponent(path).split('/').includes('..');
  } catch {
    return false;
  }
}

/** Somebody opens a page, as opposed to a script that fetches or a tag that loads. */
function isNavigation(view: RequestView): boolean {
  const { secFetchMode: mode, accept, xRequestedWith } = view.headers;
  if (mode !== '') return mode === 'navigate';
  return xRequestedWith === '' && accept.toLowerCase().includes('text/html');
}

async function sendFile(
  root: string,
  view: RequestView,
  path: string,
  fields: readonly string[],
): Promise<StreamAnswer | null> {
  const request = Object.assign(Readable.from([]), { method: view.method, headers: toHeaders(fields) });
  const form = await precompressedForm(root, path, fieldOf(fields, 'accept-encoding'));
  try {
    const result = await send(request, path + form.suffix, {
      root,
      cacheControl: false,
      dotfiles: containsWellKnown(path) ? 'allow' : 'ignore',
      extensions: ['html'],
      index: ['index.html'],
      onFile: (file) => assertInside(root, file),
    });
    if (result.type === 'directory') return redirect(view);
    if (result.type === 'error')
      return result.statusCode === 404 || result.statusCode === 403 ? null : failed(result.statusCode, result.headers);
    const out = toFields(result.headers, result.statusCode, path, form);
    const hasBody = view.method !== 'HEAD' && result.statusCode !== 304;
    return { status: result.statusCode, fields: out, body: hasBody ? result.stream : null };
  } catch (error) {
    if (error instanceof OutsideError) return null;
    throw error;
  }
}

class OutsideError extends Error {}

/** A link in the folder may lead anywhere; what it leads to is served only where that lies in the folder as well. */
async function assertInside(root: string, file: string): Promise<void> {
  const real = await realpath(file);
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) throw new OutsideError();
}

interface Form {
  readonly coding: string;
  readonly suffix: string;
  /** Whether other forms of this file exist, so that caches must tell them apart. */
  readonly varies: boolean;
}

async function precompressedForm(root: string, path: string, acceptEncoding: string): Promise<Form> {
  const plainForm: Form = { coding: '', suffix: '', varies: false };
  if (extname(path) === '' || acceptEncoding === '') return plainForm;
  let varies = false;
  for (const { coding, suffix } of PRECOMPRESSED) {
    const there = await stat(join(root, decodeURIComponent(path) + suffix)).then(
      (found) => found.isFile(),
      () => false,
    );
    if (there && accepts(acceptEncoding, coding)) return { coding, suffix, varies: true };
    varies ||= there;
  }
  return { ...plainForm, varies };
}

/** Whether Accept-Encoding lists a coding with a weight above 0 (RFC 9110 §12.5.3). `*` is not read as a wish. */
function accepts(acceptEncoding: string, coding: string): boolean {
  return acceptEncoding.split(',').some((member) => {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q\s*=\s*0(?:\.0*)?$/.test(parameter));
  });
}

function toFields(headers: Readonly<Record<string, string>>, status: number, path: string, form: Form): string[] {
  let fields = Object.entries(headers).flatMap(([name, value]) => [name, String(value)]);
  // Names of builds may or may not carry a hash of their content: asking again is always right, and mostly a 304.
  fields = withField(fields, 'Cache-Control', 'no-cache');
  fields.push('X-Content-Type-Options', 'nosniff');
  if (form.coding !== '' && status !== 304) {
    fields = withField(withField(fields, 'Content-Encoding', form.coding), 'Content-Type', typeOf(path));
  }
  return form.varies ? withField(fields, 'Vary', withVary(fieldOf(fields, 'vary'), 'Accept-Encoding')) : fields;
}

function typeOf(path: string): string {
  const type = mime.getType(path) ?? 'application/octet-stream';
  return /^text\/|^application\/(?:javascript|json)$|\+xml$/.test(type) ? `${type}; charset=utf-8` : type;
}

/** `/docs` is a folder with an index: the browser must know, for the page's relative addresses. */
function redirect(view: RequestView): StreamAnswer {
  // `//host` at the front would lead to another site.
  const location = `/${view.path.replace(/^\/+/, '')}/${view.query}`;
  return {
    status: 301,
    fields: ['Location', location, 'Content-Length', '0', 'Cache-Control', 'no-cache'],
    body: null,
  };
}

function failed(status: number, headers: Readonly<Record<string, string>>): StreamAnswer {
  const range = headers['Content-Range'];
  const answer = plain(status, `${status}\n`);
  return range === undefined ? answer : { ...answer, fields: [...answer.fields, 'Content-Range', range] };
}

function plain(status: number, text: string): StreamAnswer {
  const fields = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(text.length)];
  return { status, fields: [...fields, 'X-Content-Type-Options', 'nosniff'], body: Readable.from([Buffer.from(text)]) };
}

/** The same changes as to a backend's answer. */
function throughPages(pages: Pages, view: RequestView, decision: Decision, answer: StreamAnswer): StreamAnswer {
  const changed = pages.rewrite(view, decision, answer.status, answer.fields);
  if (changed === null) return answer;
  const fields = withoutDoubleSniff(changed.fields);
  const transform = changed.transform();
  if (transform === null || answer.body === null) return { ...answer, fields };
  answer.body.on('error', (error) => transform.destroy(error));
  transform.on('close', () => answer.body?.destroy());
  return { ...answer, fields, body: answer.body.pipe(transform) };
}

function withoutDoubleSniff(fields: readonly string[]): string[] {
  return [...without(fields, ['x-content-type-options']), 'X-Content-Type-Options', 'nosniff'];
}

function containsWellKnown(path: string): boolean {
  return path.startsWith('/.well-known/') && !/\/\./.test(path.slice('/.well-known/'.length - 1));
}

function toHeaders(fields: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) headers[(fields[at] ?? '').toLowerCase()] = fields[at + 1] ?? '';
  return headers;
}
