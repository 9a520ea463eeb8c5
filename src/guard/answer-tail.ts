import type { AnswerFacts } from './config-budget.ts';

/** What of an answer is kept to read its figure from: figures stand at the end, and answers may be of any length. */
const TAIL_BYTES = 64 * 1024;

/** The end of one answer, while it streams by. */
export class AnswerTail implements AnswerFacts {
  readonly status: number;
  readonly #fields: readonly string[];
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #received = 0;
  #text: string | null = null;

  /** @param fields name, value, name, value … */
  constructor(status: number, fields: readonly string[]) {
    this.status = status;
    this.#fields = fields;
  }

  /** Keeps a copy of what is at the end; the chunk itself is somebody else's. */
  add(chunk: Uint8Array): void {
    const last = chunk.length > TAIL_BYTES ? chunk.subarray(chunk.length - TAIL_BYTES) : chunk;
    this.#chunks.push(Uint8Array.from(last));
    this.#kept += last.length;
    this.#received += chunk.length;
    while (this.#kept - (this.#chunks[0]?.length ?? 0) >= TAIL_BYTES) this.#kept -= this.#chunks.shift()?.length ?? 0;
    // Many small chunks, as of a stream of tokens, must not cost more than what is in them.
    if (this.#chunks.length > MANY_CHUNKS) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  header(name: string): string {
    const wanted = name.toLowerCase();
    for (let at = 0; at + 1 < this.#fields.length; at += 2) {
      if (this.#fields[at]?.toLowerCase() === wanted) return this.#fields[at + 1] ?? '';
    }
    return '';
  }

  json(): unknown {
    if (this.#isEventStream()) return this.events().at(-1);
    if (!this.#isWhole() || !this.#isPlain() || !JSON_TYPE.test(this.header('content-type'))) return undefined;
    return parsed(this.#read());
  }

  events(): readonly unknown[] {
    if (!this.#isEventStream() || !this.#isPlain()) return [];
    const blocks = this.#read().split(/(?:\r\n|\r|\n){2}/);
    // What the tail begins in the middle of is no event.
    if (!this.#isWhole()) blocks.shift();
    return blocks.map((block) => parsed(dataOf(block))).filter((data) => data !== undefined);
  }

  #isWhole(): boolean {
    return this.#received <= TAIL_BYTES;
  }

  #isEventStream(): boolean {
    return /^text\/event-stream\b/i.test(this.header('content-type'));
  }

  #isPlain(): boolean {
    return /^(?:identity)?$/i.test(this.header('content-encoding').trim());
  }

  #read(): string {
    this.#text ??= new TextDecoder().decode(Buffer.concat(this.#chunks));
    return this.#text;
  }
}

const MANY_CHUNKS = 64;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/** Lines of `data`, joined (HTML §9.2.6). */
function dataOf(block: string): string {
  return block
    .split(/\r\n|\r|\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []))
    .join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
