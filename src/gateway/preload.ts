import type { Policy } from '../guard/policy.ts';
import { foldPath } from '../wire/fold.ts';
import { hasField } from './fieldlist.ts';
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
  if (!hasField(fields, 'link')) return null;
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

/** Elements whose content is text up to their end tag (in the head, with scripting on). */
const TEXT_ELEMENTS = ['script', 'style', 'title', 'noscript'];
/** Elements that leave us in the head. Anything else ends the search. */
const HEAD_ELEMENTS = ['html', 'head', 'link', 'meta', 'base', ...TEXT_ELEMENTS];

/**
 * Overwrites `<link rel=preload …>` of covered routes in the head with spaces. Everything it is not sure of it leaves:
 * a preload that stays costs one refused request, which the page's script repeats. Only a tag that has not ended is
 * held; text, comments and everything behind the head leave at once.
 */
export function createPreloadFilter(isCovered: IsCovered, enabled: boolean): Pieces {
  let held = Buffer.alloc(0);
  /** What ends the text we are in: `-->`, `</script`; '' between tags. */
  let until = '';
  let seen = 0;
  let done = !enabled;

  /** Steps over the next thing in `bytes`; returns where it ends, or -1 where more is needed from `from` on. */
  const step = (bytes: Buffer, from: number): number => {
    if (until !== '') return stepText(bytes, from);
    const start = bytes.indexOf(0x3c, from);
    if (start === -1) return bytes.length;
    const tag = readTag(bytes, start);
    if (tag === null) return start > from ? start : bytes.length - start > MAX_TAG ? stop(bytes) : -1;
    if (tag.name === '!--') {
      until = '-->';
      // `<!-->` is a whole comment: its end may begin with the dashes of its start.
      return start + 2;
    }
    if (!HEAD_ELEMENTS.includes(tag.name)) return stop(bytes);
    if (TEXT_ELEMENTS.includes(tag.name)) until = `</${tag.name}`;
    const isOurs = tag.name === 'link' && isPreload(bytes.toString('latin1', start, tag.end), isCovered);
    if (isOurs) bytes.fill(0x20, start, tag.end);
    return tag.end;
  };

  const stepText = (bytes: Buffer, from: number): number => {
    const text = bytes.toString('latin1', from).toLowerCase();
    const end = text.indexOf(until);
    // A script with `<!--` in it has an end of its own kind (HTML §13.2.5.17 ff.): there the search ends.
    const escaped = until === '</script' ? text.indexOf('<!--') : -1;
    if (escaped !== -1 && (end === -1 || escaped < end)) return stop(bytes);
    if (end !== -1) {
      const close = until === '-->' ? from + end + until.length : bytes.indexOf(0x3e, from + end) + 1;
      if (close === 0) return end > 0 ? from + end : bytes.length - from > MAX_TAG ? stop(bytes) : -1;
      until = '';
      return close;
    }
    const settled = text.length - Math.max(overlap(text, until), overlap(text, '<!--'));
    return settled > 0 ? from + settled : -1;
  };

  const stop = (bytes: Buffer): number => {
    done = true;
    return bytes.length;
  };

  return {
    write(chunk) {
      if (done) return [chunk];
      // A copy: the piece may be a view of bytes that somebody else still reads.
      const bytes = Buffer.concat([held, chunk]);
      let at = 0;
      while (!done && at < bytes.length) {
        const next = step(bytes, at);
        if (next === -1) break;
        at = next;
      }
      seen += at;
      if (seen > MAX_HEAD) at = stop(bytes);
      held = bytes.subarray(at);
      return at > 0 ? [bytes.subarray(0, at)] : [];
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest.length > 0 ? [rest] : [];
    },
  };
}

/** How many units at the end of `text` may be the beginning of `mark`. */
function overlap(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}

interface Tag {
  /** Lower case; `!--` for a comment; '' for what is neither. */
  readonly name: string;
  readonly end: number;
}

/** The tag that begins at `start`; null while it has not ended. */
function readTag(bytes: Buffer, start: number): Tag | null {
  const text = bytes.toString('latin1', start, start + 12).toLowerCase();
  if (text.startsWith('<!--')) return { name: '!--', end: start + 4 };
  const name = /^<([a-z]+)(?=[\s/>])/.exec(text)?.[1];
  if (name === undefined) return text.length < 12 && /^<(?:[a-z]*|!-?)$/.test(text) ? null : { name: '', end: start };
  const end = tagEnd(bytes, start + 1 + name.length);
  return end === -1 ? null : { name, end };
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
