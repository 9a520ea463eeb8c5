/**
 * Finds the one place in an HTML document where a script may stand before all of the page's own: right behind
 * `<head …>`, or where a document leaves that out, before the first thing that would open the head by itself
 * (HTML §13.2.6.4.1 "initial" to §13.2.6.4.4 "in head"). Never before the doctype: that would force quirks mode.
 *
 * Works on bytes as they come, in whatever pieces. What it cannot yet place is a handful of bytes of a tag's name;
 * everything else leaves at once. Encodings that keep ASCII where it is are read by bytes, UTF-16 by pairs.
 */

/** How many bytes make one unit, and which of them comes first. */
export type Units = 'bytes' | 'utf-16le' | 'utf-16be';

export interface HtmlScanner {
  /** Takes the next piece; returns what may leave, in order. The pieces are views of what was given where possible. */
  write(chunk: Buffer): Buffer[];
  /** The document has ended; returns what was still held. */
  end(): Buffer[];
  /** True once the place has been found; from then on `write` returns what it is given. */
  readonly inserted: boolean;
}

/** Units as numbers; everything outside ASCII is `OTHER`: no rule below names such a character. */
const OTHER = 0xffff;
const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SMALL_D = 0x64;

export function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d && unit !== 0x0b);
}

function isLetter(unit: number): boolean {
  return (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a);
}

/** What one unit does: nothing yet, go on behind this token, or here is the place. */
type Step = 'go' | 'before' | 'behind';

type State =
  | 'gap'
  | 'tag-open'
  | 'end-tag-open'
  | 'tag-name'
  | 'declaration'
  | 'declaration-dash'
  | 'bogus'
  | 'comment-start'
  | 'comment-start-dash'
  | 'comment'
  | 'comment-dash'
  | 'comment-end'
  | 'comment-bang'
  | 'before-attribute'
  | 'attribute'
  | 'after-attribute'
  | 'before-value'
  | 'double'
  | 'single'
  | 'unquoted'
  | 'after-quoted';

/** Start tags that are read over; any other opens the head by itself. */
const START_TAGS: readonly string[] = ['html', 'head'];
/** End tags that open the head by themselves; all others are ignored there. */
const END_TAGS: readonly string[] = ['head', 'body', 'html', 'br'];

/** Follows the tokens that may stand before the head (HTML §13.2.5), one unit at a time. */
class Prologue {
  /** True while the token under way might still be the place to insert before. */
  undecided = false;
  /** True once a declaration or one of `<html>`, `<head>` was seen: the text is a document, not a fragment. */
  complete = false;
  #state: State = 'gap';
  #name = '';
  #endTag = false;

  step(unit: number): Step {
    switch (this.#state) {
      case 'gap':
        return this.#gap(unit);
      case 'tag-open':
        return this.#tagOpen(unit);
      case 'end-tag-open':
        return this.#endTagOpen(unit);
      case 'tag-name':
        return this.#tagName(unit);
      case 'before-attribute':
      case 'attribute':
      case 'after-attribute':
      case 'before-value':
      case 'double':
      case 'single':
      case 'unquoted':
      case 'after-quoted':
        return this.#inTag(unit);
      default:
        if (this.#state === 'declaration' && (unit | 0x20) === SMALL_D) this.complete = true;
        this.#state = nextInMarkup(this.#state, unit);
        return 'go';
    }
  }

  /** True where the document may end with the element behind everything: not inside a token. */
  get betweenTokens(): boolean {
    return this.#state === 'gap';
  }

  /** True right behind `<` or `</`: text, where the document ends there. */
  get betweenBrackets(): boolean {
    return this.#state === 'tag-open' || this.#state === 'end-tag-open';
  }

  #gap(unit: number): Step {
    if (isSpace(unit)) return 'go';
    if (unit !== LT) return 'before';
    this.#state = 'tag-open';
    this.undecided = true;
    this.#name = '';
    this.#endTag = false;
    return 'go';
  }

  #tagOpen(unit: number): Step {
    if (unit === BANG) return this.#skip('declaration');
    if (unit === QUESTION) return this.#skip('bogus');
    if (unit === SLASH) {
      this.#state = 'end-tag-open';
      return 'go';
    }
    this.#state = 'tag-name';
    return this.#tagName(unit);
  }

  #endTagOpen(unit: number): Step {
    this.#endTag = true;
    if (isLetter(unit)) {
      this.#state = 'tag-name';
      return this.#tagName(unit);
    }
    return this.#skip(unit === GT ? 'gap' : 'bogus');
  }

  #tagName(unit: number): Step {
    const names = this.#endTag ? END_TAGS : START_TAGS;
    if (isSpace(unit) || unit === SLASH || unit === GT) {
      const known = names.includes(this.#name);
      if (known === this.#endTag) return 'before';
      this.complete ||= known;
      this.undecided = false;
      this.#state = 'before-attribute';
      return this.#inTag(unit);
    }
    // An end tag that is none of ours is ignored whatever it is called, so it need not be held any longer.
    if (!this.undecided) return 'go';
    this.#name += unit === OTHER ? '?' : String.fromCharCode(isLetter(unit) ? unit | 0x20 : unit);
    if (names.some((name) => name.startsWith(this.#name))) return 'go';
    if (!this.#endTag) return 'before';
    this.undecided = false;
    return 'go';
  }

  #inTag(unit: number): Step {
    if (unit === GT && !inQuotes(this.#state)) {
      this.#state = 'gap';
      return !this.#endTag && this.#name === 'head' ? 'behind' : 'go';
    }
    this.#state = nextInTag(this.#state, unit);
    return 'go';
  }

  #skip(state: State): Step {
    this.undecided = false;
    this.#state = state;
    return 'go';
  }
}

function inQuotes(state: State): boolean {
  return state === 'double' || state === 'single';
}

/** Comments, doctypes and what counts as a comment (HTML §13.2.5.41 to §13.2.5.53). */
function nextInMarkup(state: State, unit: number): State {
  switch (state) {
    case 'declaration':
      return unit === DASH ? 'declaration-dash' : endOr(unit, 'bogus');
    case 'declaration-dash':
      return unit === DASH ? 'comment-start' : endOr(unit, 'bogus');
    case 'comment-start':
      return unit === DASH ? 'comment-start-dash' : endOr(unit, 'comment');
    case 'comment-start-dash':
      return unit === DASH ? 'comment-end' : endOr(unit, 'comment');
    case 'comment':
      return unit === DASH ? 'comment-dash' : 'comment';
    case 'comment-dash':
      return unit === DASH ? 'comment-end' : 'comment';
    case 'comment-end':
      if (unit === BANG) return 'comment-bang';
      return unit === DASH ? 'comment-end' : endOr(unit, 'comment');
    case 'comment-bang':
      return unit === DASH ? 'comment-dash' : endOr(unit, 'comment');
    default:
      return endOr(unit, 'bogus');
  }
}

function endOr(unit: number, otherwise: State): State {
  return unit === GT ? 'gap' : otherwise;
}

/** Attributes (HTML §13.2.5.32 to §13.2.5.40); `>` outside quotes has been dealt with. */
function nextInTag(state: State, unit: number): State {
  switch (state) {
    case 'double':
      return unit === QUOTE ? 'after-quoted' : 'double';
    case 'single':
      return unit === APOSTROPHE ? 'after-quoted' : 'single';
    case 'before-value':
      if (isSpace(unit)) return 'before-value';
      if (unit === QUOTE) return 'double';
      return unit === APOSTROPHE ? 'single' : 'unquoted';
    case 'unquoted':
      return isSpace(unit) ? 'before-attribute' : 'unquoted';
    case 'attribute':
    case 'after-attribute':
      if (unit === EQUALS) return 'before-value';
      if (isSpace(unit)) return 'after-attribute';
      return unit === SLASH ? 'before-attribute' : 'attribute';
    default:
      return isSpace(unit) || unit === SLASH ? 'before-attribute' : 'attribute';
  }
}

/** Byte order marks win over whatever was declared (Encoding §6, "BOM sniff"). */
function sniffUnits(start: Buffer, declared: Units): Units {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  return declared;
}

function lengthOfMark(start: Buffer, units: Units): number {
  if (units !== 'bytes') {
    return start.length >= 2 && unitAt(start, 0, units) === 0xfeff ? 2 : 0;
  }
  return start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
}

function unitAt(buffer: Buffer, at: number, units: Units): number {
  if (units === 'bytes') return buffer[at] ?? OTHER;
  return units === 'utf-16le' ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
}

/** Text in the document's own units. The text is ASCII. */
export function encodeUnits(text: string, units: Units): Buffer {
  if (units === 'bytes') return Buffer.from(text, 'latin1');
  const encoded = Buffer.from(text, 'utf16le');
  return units === 'utf-16le' ? encoded : encoded.swap16();
}

/**
 * @param element ASCII text to insert, once. A document without a byte is left as it is, and so is one that ends
 *   inside a comment or tag: whatever stood there would not be parsed.
 * @param declared from the charset parameter of Content-Type; a byte order mark in the document wins
 * @param options `onlyComplete`: leave fragments alone, that is, texts without doctype, `<html>` or `<head>`
 */
export function createHtmlScanner(
  element: string,
  declared: Units,
  options: { readonly onlyComplete?: boolean } = {},
): HtmlScanner {
  const prologue = new Prologue();
  let units = declared;
  /** What may not leave yet: an undecided token, half a unit, or a byte order mark that is still coming. */
  let held: Buffer = NOTHING;
  /** How much of `held` has been stepped through. */
  let stepped = 0;
  let started = false;
  let inserted = false;
  let any = false;

  const insertAt = (buffer: Buffer, at: number): Buffer[] => {
    inserted = true;
    held = NOTHING;
    if (options.onlyComplete === true && !prologue.complete) return buffer.length > 0 ? [buffer] : [];
    return [buffer.subarray(0, at), encodeUnits(element, units), buffer.subarray(at)].filter((part) => part.length > 0);
  };

  const scan = (buffer: Buffer, from: number): Buffer[] => {
    const width = units === 'bytes' ? 1 : 2;
    let at = from;
    let tokenStart = 0;
    for (; at + width <= buffer.length; at += width) {
      const wasUndecided = prologue.undecided;
      const step = prologue.step(unitAt(buffer, at, units));
      if (step === 'behind') return insertAt(buffer, at + width);
      if (step === 'before') return insertAt(buffer, wasUndecided ? tokenStart : at);
      if (prologue.undecided && !wasUndecided) tokenStart = at;
    }
    const keep = prologue.undecided ? tokenStart : at;
    held = buffer.subarray(keep);
    stepped = at - keep;
    return keep > 0 ? [buffer.subarray(0, keep)] : [];
  };

  const start = (buffer: Buffer): Buffer[] => {
    started = true;
    units = sniffUnits(buffer, declared);
    return scan(buffer, lengthOfMark(buffer, units));
  };

  return {
    get inserted() {
      return inserted;
    },
    write(chunk) {
      if (chunk.length === 0) return [];
      if (inserted) return [chunk];
      any = true;
      const buffer = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (started) return scan(buffer, stepped);
      if (buffer.length >= LONGEST_MARK || !mayBecomeMark(buffer, declared)) return start(buffer);
      held = buffer;
      return [];
    },
    end() {
      if (inserted || !any) return [];
      const parts = started ? [] : start(held);
      if (inserted) return parts;
      const rest = prologue.betweenTokens || prologue.betweenBrackets ? insertAt(held, 0) : [held];
      return [...parts, ...rest].filter((part) => part.length > 0);
    },
  };
}

const NOTHING = Buffer.alloc(0);
const LONGEST_MARK = 3;

function mayBecomeMark(buffer: Buffer, declared: Units): boolean {
  return declared !== 'bytes' || buffer[0] === 0xef || buffer[0] === 0xff || buffer[0] === 0xfe;
}
