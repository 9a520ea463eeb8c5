import type { RE2JS as Engine } from 're2js';

/** A pattern as validators ask for it. */
export interface LinearPattern {
  test(text: string): boolean;
  /** The same for the same pattern, and for no other: validators keep patterns by it. */
  toString(): string;
}

type Compile = (typeof Engine)['compile'];

/**
 * Compiles a pattern of a schema (ECMA-262 with the flag `u`) so that no text takes it more than time in proportion to the
 * text's length. Simple ones run in the engine of the platform, which is fast with them; all others in one that does
 * not go back. What such an engine cannot know is refused.
 *
 * @throws Error saying what is wrong, without the pattern
 */
export function compileLinear(pattern: string, compile: () => Compile): LinearPattern {
  let native: RegExp;
  try {
    native = new RegExp(pattern, 'u');
  } catch {
    throw new Error('is no regular expression of ECMAScript with the flag u');
  }
  if (isSimple(pattern)) return native;
  const translated = translate(pattern);
  try {
    const engine = compile()(translated);
    return { test: (text) => engine.test(text), toString: () => pattern };
  } catch {
    throw new Error('cannot be run in linear time: a count over 1,000, or a class of characters that is not known');
  }
}

const ATOM = String.raw`(?:\[\^?(?:\\[dwsDWS.+*?^$()[\]{}|/-]|[^\\\[\]])+\]|\\[dwsDWS.+*?^$()[\]{}|/-]|[^\\.[\](){}*+?|^$]|\.)`;
const QUANTIFIER = String.raw`(?:[*+?]|\{\d+(?:,\d*)?\})?`;
const SIMPLE = new RegExp(`^\\^(?:${ATOM}${QUANTIFIER})+\\$$`, 'u');
const QUANTIFIERS = new RegExp(`${ATOM}(${QUANTIFIER})`, 'gu');

/** So many ways in which the bounded parts of a simple pattern may fall. */
const MOST_WAYS = 100;

/**
 * From the first character to the last, one character class after another, of which at most one may be of any length: then
 * an engine that goes back goes over a text a bounded number of times.
 */
function isSimple(pattern: string): boolean {
  if (!SIMPLE.test(pattern)) return false;
  let ways = 1;
  let unbounded = 0;
  for (const [, quantifier = ''] of pattern.slice(1, -1).matchAll(QUANTIFIERS)) {
    const range = rangeOf(quantifier);
    if (range > MOST_WAYS) unbounded++;
    else ways *= range;
  }
  return unbounded <= 1 && ways <= MOST_WAYS;
}

/** How many lengths what is quantified may have. */
function rangeOf(quantifier: string): number {
  if (quantifier === '') return 1;
  if (quantifier === '?') return 2;
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(quantifier) ?? [];
  if (least === undefined) return Number.POSITIVE_INFINITY;
  if (comma === '') return 1;
  return most === '' ? Number.POSITIVE_INFINITY : Number(most) - Number(least) + 1;
}

const SPACE = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const NO_SPACE = String.raw`\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;
const ANY = String.raw`\x{0}-\x{10ffff}`;

const CLASS = /\[(\^?)((?:\\.|[^\]\\])*)\]/.source;
const ESCAPE =
  /\\u\{[0-9a-f]+\}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\c[a-z]|\\p\{[^}]*\}|\\k<|\\./
    .source;
const GROUP = /\(\?<(?![=!])[^>]*>|\(\?[^:]/.source;
const OUTSIDE = new RegExp(`${CLASS}|${ESCAPE}|${GROUP}|.`, 'gisu');
const INSIDE = new RegExp(`${ESCAPE}|.`, 'gisu');

/** The same pattern in the words of RE2, where they differ. Takes a pattern that ECMAScript knows. */
function translate(pattern: string): string {
  return pattern.replaceAll(OUTSIDE, (token: string, not: string | undefined, members: string | undefined) => {
    if (members !== undefined) return translateClass(not ?? '', members);
    if (token.startsWith('\\')) return translateEscape(token, false);
    if (token.startsWith('(?')) return token.endsWith('>') ? '(?:' : lookaround();
    if (token === '.') return String.raw`[^\n\r\x{2028}\x{2029}]`;
    if (token === '^') return String.raw`\A`;
    return token === '$' ? String.raw`\z` : token;
  });
}

function translateClass(not: string, members: string): string {
  if (members === '') return not === '' ? `[^${ANY}]` : `[${ANY}]`;
  const translated = members.replaceAll(INSIDE, (token) => {
    if (token.length > 1) return translateEscape(token, true);
    // Characters to us; other engines know classes by name here.
    return token === '[' || token === '^' ? `\\${token}` : token;
  });
  return `[${not}${translated}]`;
}

function translateEscape(token: string, inClass: boolean): string {
  const kind = token.charAt(1);
  if (kind === 'k' || /[1-9]/.test(kind)) {
    throw new Error('refers back to what was found, which cannot be run in linear time');
  }
  switch (kind) {
    case 'u':
    case 'x':
      return character(codeOf(token));
    case 'c':
      return character(token.charCodeAt(2) % 32);
    case 'p':
    case 'P':
      return token.replace(/\{(?:sc|Script|gc|General_Category)=/, '{');
    case '0':
      return character(0);
    case 'v':
      return character(11);
    case 'b':
      return inClass ? character(8) : token;
    case 's':
      return inClass ? SPACE : `[${SPACE}]`;
    case 'S':
      return inClass ? NO_SPACE : `[${NO_SPACE}]`;
    default:
      return token;
  }
}

/** What `\u{…}`, `\u…`, a pair of these or `\x…` names. */
function codeOf(token: string): number {
  const [first = 0, second] = token
    .split(/\\[ux]/i)
    .slice(1)
    .map((hex) => Number.parseInt(hex.replace('{', ''), 16));
  return second === undefined ? first : 0x10000 + (first - 0xd800) * 0x400 + second - 0xdc00;
}

function lookaround(): never {
  throw new Error(
    'looks ahead or behind, or changes flags, which cannot be run in linear time; several rules can stand in allOf',
  );
}

function character(code: number): string {
  if (code >= 0xd800 && code <= 0xdfff) throw new Error('names half a surrogate pair, which no text here has');
  return `\\x{${code.toString(16)}}`;
}
