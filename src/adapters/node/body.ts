import { type BodySource, IncompleteBody } from '../../guard/view.ts';
import type { Incoming, Outgoing } from './message.ts';

/** Every so many milliseconds a client that owes us a body must have sent some of it, or it is let go. */
const IDLE_MS = 30_000;
/** How many times it may be looked at: a slow line gets four minutes for what is held, and no more. */
const MOST_LOOKS = 8;

/** What is still read and thrown away after the answer has been given, so that the client gets to read it. */
const DRAIN_BYTES = 16 * 1024 * 1024;
const DRAIN_MS = 5_000;

/** Body of a node:http request. Nothing is read, and no `100 Continue` sent by us, before somebody asks for it. */
export class IncomingBody implements BodySource {
  readonly length: number;
  readonly #request: Incoming;
  readonly #response: Outgoing | null;
  #expects: boolean;

  constructor(request: Incoming, response: Outgoing | null, length: number, expects: boolean) {
    this.#request = request;
    this.#response = response;
    this.length = length;
    this.#expects = expects;
  }

  /** Tells a client that waits for it to send the body (RFC 9110 §10.1.1). */
  invite(): void {
    if (!this.#expects) return;
    this.#expects = false;
    this.#response?.writeContinue();
  }

  collect(limit: number): Promise<Uint8Array | null> {
    if (this.length > limit) return Promise.resolve(null);
    this.invite();
    return collect(this.#request, this.length, limit);
  }
}

function collect(request: Incoming, length: number, limit: number): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    let target: Buffer | null = null;
    const chunks: Buffer[] = [];
    let received = 0;
    let looks = 0;
    const look = (before: number) => {
      looks += 1;
      if (received > before && looks < MOST_LOOKS) timer = setTimeout(look, IDLE_MS, received);
      else request.destroy(new Error('the body did not arrive in time'));
    };
    let timer = setTimeout(look, IDLE_MS, received);

    const settle = (value: Buffer | null) => {
      stop();
      // Before the parser tells the end: who reads after us (giveBack) still finds the stream open.
      request.pause();
      resolve(value);
    };
    const stop = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const onData = (chunk: Buffer) => {
      received += chunk.length;
      if (received > limit) {
        settle(null);
        return;
      }
      if (length === -1) {
        chunks.push(chunk);
        return;
      }
      if (chunk.length === length) {
        settle(chunk);
        return;
      }
      target ??= Buffer.allocUnsafe(length);
      chunk.copy(target, received - chunk.length);
      if (received === length) settle(target);
    };
    const onEnd = () => settle(Buffer.concat(chunks, received));
    const onClose = () => {
      stop();
      reject(new IncompleteBody('the client went away before its body was complete'));
    };
    if (request.destroyed && !request.complete) {
      onClose();
      return;
    }
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/**
 * Reads what is left of a request whose answer has already been given, within bounds: closing at once would
 * reset the connection under an answer that the client has not read yet; reading without end would be free work.
 */
export function drain(request: Incoming): void {
  if (request.complete || request.destroyed) return;
  let left = DRAIN_BYTES;
  const timer = setTimeout(() => request.destroy(), DRAIN_MS);
  timer.unref();
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
  request.on('error', () => {});
  request.resume();
}
