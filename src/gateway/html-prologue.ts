/**
 * What may stand before the head of an HTML document, token by token (HTML §13.2.5): white space, comments, doctypes,
 * `<html …>`, `<head …>`, and end tags that are ignored there.
 */

/** Units as numbers; everything outside ASCII is `OTHER`: no rule below names such a character. */
export const OTHER = 0xffff;
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
export class Prologue {
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

/** Index behind the `>` that ends a tag; quoted values may hold one. -1 where it has not come within `most`. */
export function tagEnd(text: string, from: number, most: number): number {
  let quote = 0;
  let afterEquals = false;
  const last = Math.min(text.length, from + most);
  for (let at = from; at < last; at++) {
    const unit = text.charCodeAt(at);
    if (quote !== 0) {
      if (unit === quote) quote = 0;
      continue;
    }
    if (unit === 0x3e) return at + 1;
    if (afterEquals && (unit === 0x22 || unit === 0x27)) quote = unit;
    if (!isSpace(unit)) afterEquals = unit === 0x3d;
  }
  return -1;
}
