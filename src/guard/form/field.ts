/**
 * Names that backends take for `_method`: PHP makes `_` of `.`, space and `[`, drops spaces in front and ends at a zero
 * byte; Rails drops brackets in front, and it and qs make lists of what stands before `[]`.
 */
const NAME = /^[ [\]]*[_. []method(?:[[\]\0]|$)/i;

export const namesMethod = (name: string): boolean => NAME.test(name);

/** One character more than the longest text that {@link NAME} has to see. */
const LONGEST_NAME = 10;
const isLead = (text: string): boolean => text === ' ' || text === '[' || text === ']';

/**
 * One field of a body that arrives in pieces: its name, then its value, character by character, in constant memory. What
 * the value of a `_method` field begins with counts, because a body may break off anywhere.
 */
export class Field {
  readonly #wanted: ReadonlySet<string>;
  readonly #found: Set<string>;
  readonly #longest: number;
  #name = '';
  #value = '';
  /** Whether the value that is being read is that of a `_method` field. */
  counts = false;

  /**
   * @param wanted methods in upper case
   * @param found where those go that are named
   */
  constructor(wanted: ReadonlySet<string>, found: Set<string>) {
    this.#wanted = wanted;
    this.#found = found;
    this.#longest = Math.max(...[...wanted].map((method) => method.length));
  }

  beginName(): void {
    this.#name = '';
    this.counts = false;
  }

  addToName(code: number): void {
    const text = String.fromCharCode(code);
    // Of any number of characters in front only the last can stand for the underscore.
    if (isLead(text) && (this.#name === '' || isLead(this.#name))) this.#name = text;
    else if (this.#name.length < LONGEST_NAME) this.#name += text;
  }

  beginValue(): void {
    this.counts = namesMethod(this.#name);
    this.#value = '';
  }

  addToValue(code: number): void {
    if (!this.counts || this.#value.length >= this.#longest || (this.#value === '' && code <= 0x20)) return;
    this.#value += String.fromCharCode(code).toUpperCase();
    if (this.#wanted.has(this.#value)) this.#found.add(this.#value);
  }
}
