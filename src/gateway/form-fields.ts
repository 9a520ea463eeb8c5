import { tagEnd } from './html-prologue.ts';
import type { Pieces } from './pieces.ts';

/** Longest tag that is read; a page with a longer one is left as it is from there on. */
const MAX_TAG = 16 * 1024;

/** Elements whose content is text up to their end tag. `noscript` is markup for whom these forms are for. */
const TEXT_ELEMENTS: ReadonlySet<string> = new Set([
  ...['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'],
]);

/**
 * Puts an element before the end tag of every form that posts to the page's own origin, and of no other: not where a
 * GET would put it into a URL, nor where any of a form's buttons leads elsewhere or turns it into a GET. Only tags that
 * have not ended are held; all else leaves at once. What it is not sure of it leaves alone: such a form is refused, and
 * says so, where its token went astray nobody would know.
 *
 * @param element ASCII markup
 * @param page address of the page
 */
export function createFormFields(element: string, page: string): Pieces {
  const inserted = Buffer.from(element, 'latin1');
  const reader = new FormReader(page);
  let held: Buffer = Buffer.alloc(0);
  let done = false;

  const scan = (bytes: Buffer): Buffer[] => {
    // One character for each byte.
    const text = bytes.toString('latin1');
    const out: Buffer[] = [];
    let from = 0;
    let at = 0;
    while (at < text.length) {
      const token = reader.next(text, at);
      if (token.kind === 'more') break;
      if (token.kind === 'stop') {
        done = true;
        at = text.length;
        break;
      }
      if (token.kind === 'place') {
        out.push(bytes.subarray(from, token.at), inserted);
        from = token.at;
      }
      at = token.end;
    }
    if (at > from) out.push(bytes.subarray(from, at));
    held = bytes.subarray(at);
    return out;
  };

  return {
    write(chunk) {
      if (done) return [chunk];
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      held = Buffer.alloc(0);
      return scan(bytes);
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest.length > 0 ? [rest] : [];
    },
  };
}

/** The next stretch of a page: read over, the place before `</form>`, not all there yet, or the end of what is understood. */
type Token =
  | { readonly kind: 'over'; readonly end: number }
  | { readonly kind: 'place'; readonly at: number; readonly end: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'stop' };

const MORE: Token = { kind: 'more' };
const STOP: Token = { kind: 'stop' };
const over = (end: number): Token => ({ kind: 'over', end });

/** Follows tags, comments and text elements (HTML §13.2.5), and which form is open. */
class FormReader {
  readonly #page: URL;
  /** Element whose text we are in; `!--` in a comment; '' between tags. */
  #within = '';
  /** Whether the script we are in has held `<!--`. */
  #escaped = false;
  /** Whether `<base>` has made relative addresses mean something else. */
  #based = false;
  /** Templates that are open: what is in them is no part of the page yet, and forms within forms count there. */
  #templates = 0;
  /** The open form: whether its token is its own to send. Null outside. */
  #form: { ours: boolean } | null = null;

  constructor(page: string) {
    this.#page = new URL(page);
  }

  next(text: string, from: number): Token {
    if (this.#within === '!--') return this.#comment(text, from);
    if (this.#within !== '') return this.#text(text, from);
    const start = text.indexOf('<', from);
    if (start === -1) return over(text.length);
    if (start > from) return over(start);
    return this.#markup(text, start);
  }

  #comment(text: string, from: number): Token {
    const end = /--!?>/g;
    end.lastIndex = from;
    const found = end.exec(text);
    if (found === null) {
      const settled = text.length - 3;
      return settled > from ? over(settled) : MORE;
    }
    this.#within = '';
    return over(end.lastIndex);
  }

  #text(text: string, from: number): Token {
    const name = this.#within;
    const found = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
    found.lastIndex = from;
    const end = found.exec(text)?.index ?? -1;
    const last = end === -1 ? text.length : end;
    if (name === 'script' && this.#doublyEscaped(text.slice(from, last))) return STOP;
    if (end !== -1) {
      this.#within = '';
      return over(end);
    }
    // The last characters may begin the end tag, or `<!--`.
    const settled = text.lastIndexOf('<') > text.length - name.length - 3 ? text.lastIndexOf('<') : text.length;
    return settled > from ? over(settled) : MORE;
  }

  /** A script with `<!--` and `<script` in it has an end of its own kind (HTML §13.2.5.17 ff.). */
  #doublyEscaped(script: string): boolean {
    this.#escaped ||= script.includes('<!--');
    return this.#escaped && /<script[\s/>]/i.test(script);
  }

  #markup(text: string, start: number): Token {
    const head = text.slice(start, start + 4);
    if (head === '<!--') {
      this.#within = '!--';
      // `<!-->` and `<!--->` are whole comments: their ends begin with the dashes of their start.
      return over(start + 2);
    }
    if ('<!--'.startsWith(head) && head.length < 4) return MORE;
    if (head.startsWith('<!') || head.startsWith('<?')) return this.#upTo(text, text.indexOf('>', start), start);
    if (head.startsWith('</') && head.length > 2 && !/[a-z]/i.test(head[2] ?? ''))
      return this.#upTo(text, text.indexOf('>', start), start);
    if (head.length < 3) return MORE;
    if (!/^<\/?[a-z]/i.test(head)) return over(start + 1);
    const end = tagEnd(text, start + 1, MAX_TAG);
    if (end === -1) return text.length - start > MAX_TAG ? STOP : MORE;
    return this.#tag(text.slice(start, end), start, end);
  }

  #upTo(text: string, end: number, start: number): Token {
    if (end !== -1) return over(end + 1);
    return text.length - start > MAX_TAG ? STOP : MORE;
  }

  #tag(tag: string, start: number, end: number): Token {
    const name = /^<\/?([^\s/>]+)/.exec(tag)?.[1]?.toLowerCase() ?? '';
    if (name === 'template') {
      this.#templates = Math.max(0, this.#templates + (tag.startsWith('</') ? -1 : 1));
      return over(end);
    }
    if (name === 'form' && this.#templates > 0) return over(end);
    if (tag.startsWith('</')) {
      if (name !== 'form') return over(end);
      const ours = this.#form?.ours === true;
      this.#form = null;
      return ours ? { kind: 'place', at: start, end } : over(end);
    }
    if (name === 'plaintext') return STOP;
    if (TEXT_ELEMENTS.has(name)) {
      this.#within = name;
      this.#escaped = false;
      return over(end);
    }
    if (name === 'base') this.#based ||= attributesOf(tag).has('href');
    // A form within a form does not count (HTML §13.2.6.4.7).
    else if (name === 'form') this.#form ??= { ours: this.#isOurs(tag) };
    else if (this.#form !== null && (name === 'button' || name === 'input')) this.#button(tag, this.#form);
    return over(end);
  }

  #isOurs(tag: string): boolean {
    const attributes = attributesOf(tag);
    return attributes.get('method')?.toLowerCase() === 'post' && this.#staysHere(attributes.get('action') ?? '');
  }

  #button(tag: string, form: { ours: boolean }): void {
    const attributes = attributesOf(tag);
    const method = attributes.get('formmethod');
    const action = attributes.get('formaction');
    if (method !== undefined && method.toLowerCase() !== 'post') form.ours = false;
    if (action !== undefined && !this.#staysHere(action)) form.ours = false;
  }

  /** An empty action is the page itself, whatever `<base>` says. */
  #staysHere(action: string): boolean {
    const address = decoded(action);
    if (address === null) return false;
    if (address === '') return true;
    if (this.#based && !/^[a-z][a-z0-9+.-]*:/i.test(address)) return false;
    const { href, origin } = this.#page;
    return URL.canParse(address, href) && new URL(address, href).origin === origin;
  }
}

/**
 * Character references in front of the query could spell anything: such an address is none that is understood. Behind
 * its `?` they lead nowhere else.
 */
function decoded(value: string): string | null {
  const front = value.split('?', 1)[0] ?? '';
  return front.includes('&') ? null : value.trim();
}

const ATTRIBUTE = /([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?/g;

/** Attributes by lower-case name; of two of one name the first counts (HTML §13.2.5.33). */
function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const inside = tag.replace(/^<[^\s/>]+/, '').slice(0, -1);
  for (const [, name = '', double, single, bare] of inside.matchAll(ATTRIBUTE)) {
    const lower = name.toLowerCase();
    if (!attributes.has(lower)) attributes.set(lower, double ?? single ?? bare ?? '');
  }
  return attributes;
}
