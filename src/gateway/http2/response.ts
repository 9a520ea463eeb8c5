import type { ServerHttp2Stream } from 'node:http2';
import { Writable } from 'node:stream';
import type { Outgoing } from '../../adapters/node/message.ts';
import { breakOff } from './break-off.ts';

/** RFC 9113 §8.2.2. */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** One stream's answer, as the rest of the gate knows answers from node:http. */
export class StreamResponse extends Writable implements Outgoing {
  headersSent = false;
  /** Without meaning here: the gate dates every answer itself. */
  sendDate = false;
  /** Connections that are to end are told so by GOAWAY, for all their streams at once. */
  shouldKeepAlive = true;
  readonly #stream: ServerHttp2Stream;
  readonly #head: boolean;
  /** Answers to HEAD, 204 and 304 have no content, whatever is written. */
  #bodiless = false;

  constructor(stream: ServerHttp2Stream, method: string) {
    super({ highWaterMark: 64 * 1024, decodeStrings: true });
    this.#stream = stream;
    this.#head = method === 'HEAD';
    stream.on('close', this.#onClose);
  }

  writeHead(status: number, reason: string | string[], fields: string[] = []): this {
    if (this.headersSent || this.#stream.destroyed || this.#stream.closed) return this;
    this.#bodiless = this.#head || status === 204 || status === 205 || status === 304;
    const list = toFields(status, typeof reason === 'string' ? fields : reason);
    // Node ends streams by itself whose answer has no content.
    // Throws on what HTTP/2 cannot say, a status of 600 for one: then another answer may still be given.
    this.#stream.respond(list);
    this.headersSent = true;
    return this;
  }

  flushHeaders(): void {
    this.writeHead(200, []);
  }

  writeContinue(): void {
    if (!this.headersSent && !this.#stream.closed) this.#stream.additionalHeaders({ ':status': 100 });
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.flushHeaders();
    if (this.#bodiless) done();
    else if (this.#stream.writable) this.#stream.write(chunk, done);
    else done(new Error('the client went away'));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.flushHeaders();
    if (this.#bodiless || this.#stream.writableEnded) done();
    else if (this.#stream.destroyed) done(new Error('the client went away'));
    else this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const stream = this.#stream;
    if (!this.writableFinished && !stream.closed) breakOff(stream);
    // Whoever left is no fault: like node's own answers, this one closes without an error.
    void error;
    done(null);
  }

  readonly #onClose = (): void => {
    if (!this.destroyed) this.destroy();
  };
}

function toFields(status: number, fields: readonly string[]): string[] {
  const out: string[] = [':status', String(status)];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase();
    if (!CONNECTION_SPECIFIC.has(name)) out.push(name, fields[i + 1] ?? '');
  }
  return out;
}
