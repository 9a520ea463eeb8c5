import { EACH, type JsonStep, toName } from './json-path.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Deeper values are looked through, and nothing in them is found. */
const MOST_DEPTH = 256;
/** Longer names and values are passed over: no path and no id is as long. */
const MOST_TEXT = 2048;

interface Container {
  readonly array: boolean;
  /** Paths that lead into it, one bit each; 0 for none. */
  readonly into: number;
  index: number;
  /** Paths that its next value lies on. */
  next: number;
}

/**
 * Reads a JSON text as it streams by, and finds the texts and whole numbers that stand at some paths, without keeping more
 * than one of them. It checks no grammar: what is no JSON merely gives nothing, or
 * little. A number is found by what comes after it, so one that is the whole text is not.
 */
export class JsonValues {
  readonly #paths: readonly (readonly JsonStep[])[];
  readonly #containers: Container[] = [];
  /** Containers beyond {@link MOST_DEPTH} that are open. */
  #beyond = 0;
  #reading: 'nothing' | 'text' | 'word' = 'nothing';
  #isName = false;
  #escaped = false;
  /** What is being read, where it may be wanted; null where it is passed over. */
  #held: number[] | null = null;
  #wanted = 0;
  #found: string[] = [];

  /** @param paths 31 at most; further ones find nothing */
  constructor(paths: readonly (readonly JsonStep[])[]) {
    this.#paths = paths.slice(0, 31);
  }

  /** The values that end in this chunk. */
  read(chunk: Uint8Array): readonly string[] {
    this.#found = [];
    for (let at = 0; at < chunk.length; at++) {
      if (this.#reading === 'text') at = this.#text(chunk, at);
      else this.#one(chunk[at] ?? 0);
    }
    return this.#found;
  }

  #one(byte: number): void {
    if (this.#reading === 'word') {
      if (!isEnd(byte)) {
        this.#hold(byte);
        return;
      }
      this.#endWord();
    }
    const container = this.#containers.at(-1);
    if (byte === QUOTE) this.#beginText(container);
    else if (byte === 0x7b || byte === 0x5b) this.#open(byte === 0x5b);
    else if (byte === 0x7d || byte === 0x5d) this.#close();
    else if (byte === 0x2c) this.#comma(container);
    else if (byte === 0x3a) this.#isName = false;
    else if (byte > 0x20) {
      this.#reading = 'word';
      this.#wanted = this.#here();
      this.#held = this.#wanted === 0 ? null : [byte];
    }
  }

  #beginText(container: Container | undefined): void {
    this.#reading = 'text';
    this.#escaped = false;
    this.#wanted = this.#isName ? (this.#beyond > 0 ? 0 : (container?.into ?? 0)) : this.#here();
    this.#held = this.#wanted === 0 ? null : [];
  }

  /** Goes to the end of a text, or of the chunk; returns where it stopped. */
  #text(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) {
        this.#endText();
        return at;
      }
      this.#hold(byte);
    }
    return chunk.length;
  }

  #hold(byte: number): void {
    if (this.#held === null) return;
    this.#held.push(byte);
    if (this.#held.length > MOST_TEXT) this.#held = null;
  }

  #endText(): void {
    this.#reading = 'nothing';
    const text = this.#held === null ? null : parsed(`"${Buffer.from(this.#held).toString()}"`);
    const container = this.#containers.at(-1);
    if (!this.#isName) this.#take(text);
    else if (container !== undefined && this.#beyond === 0) container.next = this.#after(container, text ?? undefined);
  }

  #endWord(): void {
    this.#reading = 'nothing';
    if (this.#held !== null) this.#take(parsed(Buffer.from(this.#held).toString()));
  }

  #take(value: unknown): void {
    const name = toName(value);
    if (this.#wanted !== 0 && name !== '') this.#found.push(name);
    this.#held = null;
  }

  #open(array: boolean): void {
    if (this.#beyond > 0 || this.#containers.length >= MOST_DEPTH) {
      this.#beyond += 1;
    } else {
      const container: Container = { array, into: this.#into(), index: 0, next: 0 };
      if (array) container.next = this.#after(container, 0);
      this.#containers.push(container);
    }
    this.#isName = !array;
  }

  #close(): void {
    if (this.#beyond > 0) this.#beyond -= 1;
    else this.#containers.pop();
    this.#isName = false;
  }

  #comma(container: Container | undefined): void {
    if (container === undefined || this.#beyond > 0) return;
    this.#isName = !container.array;
    if (!container.array) return;
    container.index += 1;
    container.next = this.#after(container, container.index);
  }

  /** Paths that end at the value that begins here. */
  #here(): number {
    return this.#select(this.#into(), (path, depth) => path.length === depth);
  }

  /** Paths that lead to the value that begins here, or through it. */
  #into(): number {
    if (this.#beyond > 0) return 0;
    const container = this.#containers.at(-1);
    return container === undefined ? 2 ** this.#paths.length - 1 : container.next;
  }

  /** Of the paths into a container, those that go on by this name or number. */
  #after(container: Container, step: unknown): number {
    const depth = container === this.#containers.at(-1) ? this.#containers.length - 1 : this.#containers.length;
    return this.#select(container.into, (path) => {
      const wanted = path[depth];
      return wanted === step || (wanted === EACH && container.array);
    });
  }

  #select(of: number, test: (path: readonly JsonStep[], depth: number) => boolean): number {
    let selected = 0;
    for (const [bit, path] of of === 0 ? [] : this.#paths.entries()) {
      if ((of & (1 << bit)) !== 0 && test(path, this.#containers.length)) selected |= 1 << bit;
    }
    return selected;
  }
}

/** What ends a number or literal: white space, a comma, a closing bracket. */
const isEnd = (byte: number): boolean => byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
