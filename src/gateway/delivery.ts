import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Outgoing } from '../adapters/node/message.ts';

/** Bodies up to this many bytes leave in one piece with their head. */
const JOINED_BYTES = 16 * 1024;

/** The client's end of an answer: its head waits until it may be released, and what comes of the body meanwhile with it. */
export class Delivery {
  readonly #response: Outgoing;
  #status = 0;
  #message = '';
  #head: string[] | null = null;
  #transform: Duplex | null = null;
  #held: Buffer | null = null;

  constructor(response: Outgoing) {
    this.#response = response;
  }

  /** A head is there and has not been released. */
  get waits(): boolean {
    return this.#head !== null;
  }

  /** What has come of the body while the head waits. */
  get held(): Buffer | null {
    return this.#held;
  }

  /** Whether what is written passes through somebody else's stream, which ends the answer in its own time. */
  get isRewritten(): boolean {
    return this.#transform !== null;
  }

  /** @param transform rewrites the body; null for none */
  take(status: number, message: string, head: string[], transform: Duplex | null): void {
    this.#status = status;
    this.#message = message;
    this.#head = head;
    this.#transform = transform;
  }

  /** Keeps a chunk with the head that waits; how many bytes there are now. */
  hold(chunk: Buffer): number {
    this.#held = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    return this.#held.length;
  }

  /**
   * Writes the head and what was held; with `ended` that is all. False where the reader is to be waited for. Throws on a
   * head that cannot be said: then another answer may still be given.
   */
  release(ended: boolean, closes: boolean): boolean {
    const [head, held, response] = [this.#head ?? [], this.#held, this.#response];
    this.#head = null;
    this.#held = null;
    response.sendDate = false;
    if (closes) head.push('Connection', 'close');
    if (isReason(this.#message, this.#status)) response.writeHead(this.#status, this.#message, head);
    else response.writeHead(this.#status, head);
    this.#transform?.on('error', () => response.destroy()).pipe(response);
    if (ended) this.end(held);
    else if (held === null) response.flushHeaders();
    else return this.write(held);
    return true;
  }

  /** False where the reader is to be waited for. */
  write(chunk: Buffer): boolean {
    return (this.#transform ?? this.#response).write(chunk);
  }

  /** Calls once when the reader can take more. */
  onceDrained(next: () => void): void {
    (this.#transform ?? this.#response).once('drain', next);
  }

  end(last: Buffer | null): void {
    const sink = this.#transform ?? this.#response;
    if (last === null) sink.end();
    // As latin1, which maps bytes to characters one to one, node joins head and body into one write.
    else if (last.length <= JOINED_BYTES) sink.end(last.toString('latin1'), 'latin1');
    else sink.end(last);
  }
}

/** Whether a reason phrase is worth repeating: it differs from the usual one and is plain text. */
function isReason(message: string, status: number): boolean {
  return message !== '' && message !== STATUS_CODES[status] && /^[\t\x20-\x7e]+$/.test(message);
}
