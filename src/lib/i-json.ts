/** How deep a text may be nested: nothing honest comes near. */
const MAX_DEPTH = 32;

export type IJson =
  | { readonly ok: true; readonly value: unknown }
  /** `pointer`: where (RFC 6901); `rule`: what is wrong there, without what was found. */
  | { readonly ok: false; readonly pointer: string; readonly rule: string };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * JSON that every reader takes for the same value (I-JSON, RFC 7493): UTF-8 without a byte order mark, no name twice in
 * one object, no lone surrogates, numbers that a double holds as they are written. Beyond that, names by which code reaches
 * the prototype of JavaScript's objects are refused, and what is nested deeper than 32.
 */
export function parseIJson(bytes: Uint8Array): IJson {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { ok: false, pointer: '', rule: 'must be UTF-8' };
  }
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, pointer: '', rule: 'must be JSON' };
  }
  const open: Frame[] = [];
  const rule = troubleIn(text, open);
  return rule === '' ? { ok: true, value } : { ok: false, pointer: open.map(step).join(''), rule };
}

/** One step of a JSON pointer (RFC 6901 §3). */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** An object or a list that is being read. */
interface Frame {
  /** Null for a list. */
  readonly names: Set<string> | null;
  /** Of the member that is being read; null before the first. */
  at: string | number | null;
}

const step = ({ at }: Frame): string => (at === null ? '' : pointerStep(at));

/** Looks through a text that is known to be JSON; what is wrong with it, '' for nothing. `open` is left where that stands. */
function troubleIn(text: string, open: Frame[]): string {
  let expectsName = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.length >= MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH}`;
        expectsName = code === 0x7b;
        open.push(expectsName ? { names: new Set(), at: null } : { names: null, at: 0 });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        expectsName = false;
        break;
      case 0x2c: {
        const frame = open.at(-1);
        expectsName = frame?.names != null;
        if (typeof frame?.at === 'number' && !expectsName) frame.at++;
        break;
      }
      case 0x22: {
        const end = endOfString(text, at);
        const rule = expectsName ? nameTrouble(text.slice(at, end + 1), open) : stringTrouble(text, at, end);
        if (rule !== '') return rule;
        expectsName = false;
        at = end;
        break;
      }
      default:
        if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
          const end = endOfNumber(text, at);
          if (!isExact(text.slice(at, end))) return 'must be a number that a double holds as it is written';
          at = end - 1;
        }
    }
  }
  return '';
}

/** Index of the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const goesOn = (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e;
    if (!goesOn && (code | 0x20) !== 0x65) break;
  }
  return at;
}

function nameTrouble(quoted: string, open: readonly Frame[]): string {
  const name: unknown = quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
  const frame = open.at(-1);
  if (typeof name !== 'string' || frame === undefined || frame.names === null) return 'must be JSON';
  frame.at = name;
  if (!name.isWellFormed()) return 'must not have half a surrogate pair in its name';
  if (frame.names.has(name)) return 'must be there once';
  frame.names.add(name);
  if (name === '__proto__' || (name === 'prototype' && open.at(-2)?.at === 'constructor')) return 'must not be there';
  return '';
}

/** Text that came as UTF-8 has whole characters; only escapes can name half a one. */
function stringTrouble(text: string, start: number, end: number): string {
  const escaped = text.indexOf('\\u', start);
  if (escaped === -1 || escaped > end) return '';
  const value: unknown = JSON.parse(text.slice(start, end + 1));
  return typeof value === 'string' && value.isWellFormed() ? '' : 'must not hold half a surrogate pair';
}

const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;
/** So few digits come back out of a double as they went in (DBL_DIG). */
const SHORT = /^-?(?=.{1,16}$)\d+(?:\.\d*[1-9])?$/;

/**
 * Whether a double holds a number as it is written, so that who reads it with more digits, or fewer, reads the same. What
 * JavaScript writes always passes.
 */
export function isExact(literal: string): boolean {
  if (literal.length <= 15 && SHORT.test(literal)) return true;
  const value = Number(literal);
  const written = digitsOf(literal);
  return Number.isFinite(value) && written !== '' && written === digitsOf(String(value));
}

/** Digits without zeros around them, and the power of ten; '' for what is no number. */
function digitsOf(literal: string): string {
  const match = NUMBER.exec(literal);
  if (match === null) return '';
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return '0';
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end--;
  return `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
