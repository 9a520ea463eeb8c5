import type { Policy } from '../guard/policy.ts';
import { foldPath } from '../wire/fold.ts';
import { hasField } from './fieldlist.ts';
import { tagEnd } from './html-prologue.ts';
import type { Pieces } from './pieces.ts';

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

/** Commas inside `<…>` and quotes do not part links. Linear, because backends put into Link what requests ask for. */
function splitLinks(value: string): string[] {
  const links: string[] = [];
  const lastAngle = value.lastIndexOf('>');
  const lastQuote = value.lastIndexOf('"');
  let from = 0;
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (char === '<' && at < lastAngle) at = value.indexOf('>', at);
    else if (char === '"' && at < lastQuote) at = endOfQuoted(value, at);
    else if (char === ',') {
      links.push(value.slice(from, at).trim());
      from = at + 1;
    }
  }
  links.push(value.slice(from).trim());
  return links.filter((link) => link !== '');
}

/** Where a quoted string ends; the end of the value where it does not. */
function endOfQuoted(value: string, start: number): number {
  for (let at = start + 1; at < value.length; at++) {
    if (value[at] === '\\') at++;
    else if (value[at] === '"') return at;
  }
  return value.length;
}

/** The filter looks at no more of a page than this, nor at longer tags. */
const MAX_HEAD = 64 * 1024;
const MAX_TAG = 2048;

/** Elements whose content is text up to their end tag (in the head, with scripting on). */
const TEXT_ELEMENTS = ['script', 'style', 'title', 'noscript'];
/** Elements that leave us in the head. Anything else ends the search. */
const HEAD_ELEMENTS = ['!doctype', 'html', 'head', 'link', 'meta', 'base', ...TEXT_ELEMENTS];

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

  const stop = (window: Window): number => {
    done = true;
    return window.text.length;
  };

  /** Steps over the next thing in the window; returns where it ends, or -1 where more is needed from `from` on. */
  const step = (window: Window, from: number): number => {
    const { bytes, text } = window;
    if (until !== '') return stepText(window, from);
    const start = text.indexOf('<', from);
    if (start === -1) return text.length;
    const tag = readTag(text, start);
    if (tag === null) return start > from ? start : text.length - start > MAX_TAG ? stop(window) : -1;
    if (tag.name === '!--') {
      until = '-->';
      // `<!-->` is a whole comment: its end may begin with the dashes of its start.
      return start + 2;
    }
    if (!HEAD_ELEMENTS.includes(tag.name) || tag.end - start > MAX_TAG) return stop(window);
    if (TEXT_ELEMENTS.includes(tag.name)) until = `</${tag.name}`;
    const isOurs = tag.name === 'link' && isPreload(bytes.toString('latin1', start, tag.end), isCovered);
    if (isOurs) bytes.fill(0x20, start, tag.end);
    return tag.end;
  };

  const stepText = (window: Window, from: number): number => {
    const { text } = window;
    const end = text.indexOf(until, from);
    // A script with `<!--` in it has an end of its own kind (HTML §13.2.5.17 ff.): there the search ends.
    const escaped = until === '</script' ? text.indexOf('<!--', from) : -1;
    if (escaped !== -1 && (end === -1 || escaped < end)) return stop(window);
    if (end !== -1) {
      const close = until === '-->' ? end + until.length : text.indexOf('>', end) + 1;
      if (close === 0) return end > from ? end : text.length - from > MAX_TAG ? stop(window) : -1;
      until = '';
      return close;
    }
    const settled = text.length - Math.min(text.length - from, Math.max(overlap(text, until), overlap(text, '<!--')));
    return settled > from ? settled : -1;
  };

  return {
    write(chunk) {
      if (done) return [chunk];
      // A copy: the piece may be a view of bytes that somebody else still reads.
      const bytes = Buffer.concat([held, chunk]);
      const window = { bytes, text: bytes.toString('latin1', 0, MAX_HEAD - seen).toLowerCase() };
      let at = 0;
      while (!done && at < window.text.length) {
        const next = step(window, at);
        if (next === -1) break;
        at = next;
      }
      if (seen + bytes.length > MAX_HEAD) done = true;
      if (done) at = bytes.length;
      seen += at;
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

/** What has come of the head and not left: as bytes to change, and as text in lower case to look through. */
interface Window {
  readonly bytes: Buffer;
  /** One character for each byte. */
  readonly text: string;
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
function readTag(text: string, start: number): Tag | null {
  const head = text.slice(start, start + 12);
  if (head.startsWith('<!--')) return { name: '!--', end: start + 4 };
  const name = /^<(!?[a-z]+)(?=[\s/>])/.exec(head)?.[1];
  if (name === undefined) return head.length < 12 && /^<(?:!?[a-z]*|!-?)$/.test(head) ? null : { name: '', end: start };
  const end = tagEnd(text, start + 1 + name.length, MAX_TAG);
  return end === -1 ? null : { name, end };
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
