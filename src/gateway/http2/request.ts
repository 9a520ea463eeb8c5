import { constants, type ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import type { Incoming } from '../../adapters/node/message.ts';
import { breakOff } from './break-off.ts';
import type { Head } from './head.ts';

/** What is said of the connection by which a request came. */
export interface Peer {
  readonly remoteAddress: string;
  readonly encrypted: true;
  readonly errored: Error | null;
}

/** One stream's request, as the rest of the gate knows requests from node:http. */
export class StreamRequest extends Readable implements Incoming {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly socket: Peer;
  readonly unannounced: boolean;
  complete: boolean;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, head: Head, peer: Peer) {
    super({ highWaterMark: 64 * 1024 });
    this.method = head.method;
    this.url = head.target;
    this.rawHeaders = head.fields;
    this.socket = peer;
    this.#stream = stream;
    this.complete = stream.endAfterHeaders;
    this.unannounced = !this.complete && !head.fields.includes('content-length');
    if (this.complete) {
      // Nothing reads it, and an unread stream never closes.
      stream.resume();
      return;
    }
    // Nothing is taken from the connection before somebody reads.
    stream.pause();
    stream.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
  }

  override _read(): void {
    if (this.complete) this.push(null);
    else this.#stream.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const stream = this.#stream;
    // RFC 9113 §8.1: what nobody wants to read any more is no fault of an answer that has gone out.
    if (!this.complete && !stream.closed) {
      if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
      else breakOff(stream);
    }
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#stream.pause();
  };

  readonly #onEnd = (): void => {
    // A stream that was reset ends too.
    if (this.#stream.aborted || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    this.complete = true;
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.complete) this.destroy();
  };
}
