import type { Policy } from '../guard/policy.ts';
import { foldPath } from '../wire/fold.ts';
import { isSpace } from './html.ts';
import type { Pieces } from './page.ts';

/** Whether an address belongs to a route whose unsigned preload would be refused. */
export type IsCovered = (reference: string) => boolean;

/** Whether calls of this path have to be signed or marked: a preload cannot be (PROTOCOL 1.5). */
export function coveredBy(policy: Policy, pathname: string): boolean {
  const { level } = policy.match('GET', pathname, foldPath(pathname));
  return level === 'proof' || level === 'site';
}

/**
 * Link fields (RFC 8288) without preloads of covered routes; null where there are none. A browser hands the refused
 * preload to the signed call that follows.
 */
export function keepLinks(fields: readonly string[], isCovered: IsCovered): string[] | null {
  let touched = false;
  const kept: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (name.length !== 4 || name.toLowerCase() !== 'link' || !/preload/i.test(value)) {
      kept.push(name, value);
      continue;
    }
    const links = splitLinks(value);
    const left = links.filter((link) => !isCoveredPreload(link, isCovered));
    touched ||= left.length < links.length;
    if (left.length > 0) kept.push(name, left.length < links.length ? left.join(', ') : value);
  }
  return touched ? kept : null;
}

function isCoveredPreload(link: string, isCovered: IsCovered): boolean {
  const reference = /^\s*<([^>]*)>/.exec(link)?.[1];
  const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(link);
  const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/);
  return reference !== undefined && names.includes('preload') && isCovered(reference);
}

/** Commas inside `<…>` and quotes do not part links. */
function splitLinks(value: string): string[] {
  return (value.match(/(?:<[^>]*>|"(?:[^"\\]|\\.)*"|[^,<"])+/g) ?? [])
    .map((link) => link.trim())
    .filter((link) => link !== '');
}

/** The filter looks at no more of a page than this, nor at longer tags. */
const MAX_HEAD = 64 * 1024;
const MAX_TAG = 2048;

/** Elements whose content is text to their end tag (in the head, with scripting on). */
const TEXT_ELEMENTS = ['script', 'style', 'title', 'noscript'];
/** Elements that leave us in the head. Anything else ends the search. */
const HEAD_ELEMENTS = ['html', 'head', 'link', 'meta', 'base', ...TEXT_ELEMENTS];

/**
 * Overwrites `<link rel=preload …>` of covered routes in the head with spaces. Everything it is not sure of it leaves:
 * a preload that stays costs one refused request, which the page's script repeats.
 */
export function createPreloadFilter(isCovered: IsCovered, enabled: boolean): Pieces {
  let held = Buffer.alloc(0);
  let seen = 0;
  let done = !enabled;

  /** Returns how much of `bytes` is settled; may overwrite parts of it. */
  const settle = (bytes: Buffer): number => {
    let at = 0;
    for (;;) {
      const token = nextToken(bytes, at);
      if (token.kind === 'more') {
        if (bytes.length - token.start > MAX_TAG && !token.text) done = true;
        return done ? bytes.length : token.start;
      }
      if (token.kind === 'stop') {
        done = true;
        return bytes.length;
      }
      if (token.kind === 'link' && isPreload(bytes.toString('latin1', token.start, token.end), isCovered)) {
        bytes.fill(0x20, token.start, token.end);
      }
      at = token.end;
    }
  };

  return {
    write(chunk) {
      if (done) return [chunk];
      // A copy: the piece may be a view of bytes that somebody else still reads.
      const bytes = Buffer.concat([held, chunk]);
      const settled = settle(bytes);
      seen += settled;
      if (seen > MAX_HEAD) done = true;
      held = done ? Buffer.alloc(0) : bytes.subarray(settled);
      const out = done ? bytes : bytes.subarray(0, settled);
      return out.length > 0 ? [out] : [];
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest.length > 0 ? [rest] : [];
    },
  };
}

interface Token {
  readonly kind: 'link' | 'other' | 'more' | 'stop';
  readonly start: number;
  readonly end: number;
  /** With `more`: inside an element's text, which may be long. */
  readonly text: boolean;
}

const token = (kind: Token['kind'], start: number, end: number, text = false): Token => ({ kind, start, end, text });

/** The next tag, comment or text element from `from` on. */
function nextToken(bytes: Buffer, from: number): Token {
  const start = bytes.indexOf(0x3c, from);
  if (start === -1) return token('more', bytes.length, bytes.length);
  if (bytes.length < start + 4) return token('more', start, start);
  if (bytes[start + 1] === 0x21) return comment(bytes, start);
  const name = /^<([a-z]+)(?=[\s/>])/i.exec(bytes.toString('latin1', start, start + 12))?.[1]?.toLowerCase();
  if (name === undefined)
    return bytes.length < start + 12 && !bytes.includes(0x3e, start)
      ? token('more', start, start)
      : token('stop', start, start);
  if (!HEAD_ELEMENTS.includes(name)) return token('stop', start, start);
  const end = tagEnd(bytes, start + 1 + name.length);
  if (end === -1) return token('more', start, start);
  if (name === 'link') return token('link', start, end);
  return TEXT_ELEMENTS.includes(name) ? textElement(bytes, start, end, name) : token('other', start, end);
}

function comment(bytes: Buffer, start: number): Token {
  if (bytes[start + 2] !== 0x2d || bytes[start + 3] !== 0x2d) return token('stop', start, start);
  const end = bytes.indexOf('-->', start + 2);
  return end === -1 ? token('more', start, start, true) : token('other', start, end + 3);
}

/** Scripts with `<!--` in them have an end of their own kind (HTML §13.2.5.17 ff.): there the search ends. */
function textElement(bytes: Buffer, start: number, from: number, name: string): Token {
  const text = bytes.toString('latin1', from);
  const end = new RegExp(`</${name}[\\s/>]`, 'i').exec(text);
  if (end === null) return token('more', start, start, true);
  if (name === 'script' && text.slice(0, end.index).includes('<!--')) return token('stop', start, start);
  const close = bytes.indexOf(0x3e, from + end.index);
  return close === -1 ? token('more', start, start, true) : token('other', start, close + 1);
}

/** Index behind the `>` that ends a tag; quoted values may hold one. -1 where it has not come. */
function tagEnd(bytes: Buffer, from: number): number {
  let quote = 0;
  let afterEquals = false;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
      continue;
    }
    if (byte === 0x3e) return at + 1;
    if (afterEquals && (byte === 0x22 || byte === 0x27)) quote = byte;
    if (!isSpace(byte)) afterEquals = byte === 0x3d;
  }
  return -1;
}

function isPreload(tag: string, isCovered: IsCovered): boolean {
  const relations = attribute(tag, 'rel').toLowerCase().split(/\s+/);
  return relations.includes('preload') && isCovered(attribute(tag, 'href'));
}

function attribute(tag: string, name: string): string {
  const found = new RegExp(`[\\s/"']${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
  const raw = found?.[1] ?? found?.[2] ?? found?.[3] ?? '';
  return raw.replaceAll(/&(?:amp|#38|#x26);/gi, '&').trim();
}
