import { Readable } from 'node:stream';
import { drain } from '../adapters/node/body.ts';
import type { Incoming } from '../adapters/node/message.ts';
import { createDigestCheck } from '../adapters/node/digest.ts';
import type { DigestCheck } from '../adapters/node/digest.ts';
import type { StreamDigest } from '../guard/decision.ts';

/** Milliseconds without a byte after which an upload is given up. */
const IDLE_MS = 60_000;

export type BodyFault = 'digest' | 'too-large' | 'gone';

export class BodyError extends Error {
  readonly fault: BodyFault;
  constructor(fault: BodyFault) {
    super(`request body: ${fault}`);
    this.fault = fault;
  }
}

export interface UploadRules {
  readonly digest: StreamDigest | null;
  /** Bytes; 0 for no limit. */
  readonly limit: number;
}

/**
 * The body on its way to the backend, in constant memory. undici destroys the body it was given when the backend
 * answers early; were that the client's request itself, nothing would read its socket again. So this stands
 * between: destroying it reads the rest of the request within bounds.
 *
 * With a digest one chunk is always held back, so that the backend never has the whole of a body that does not fit.
 */
export class Upload extends Readable {
  readonly #request: Incoming;
  readonly #limit: number;
  readonly #check: DigestCheck | null;
  readonly #idle: NodeJS.Timeout;
  #held: Buffer | null = null;
  #received = 0;
  #over = false;

  constructor(request: Incoming, rules: UploadRules) {
    super({ highWaterMark: 64 * 1024 });
    this.#request = request;
    this.#limit = rules.limit;
    this.#check = rules.digest === null ? null : createDigestCheck(rules.digest);
    this.#idle = setTimeout(this.#onIdle, IDLE_MS);
    this.#idle.unref();
    request.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose);
    request.pause();
  }

  override _read(): void {
    if (this.#over) return;
    this.#idle.refresh();
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#over = true;
    clearTimeout(this.#idle);
    this.#request
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
      .off('error', this.#onClose);
    this.#held = null;
    drain(this.#request);
    done(error);
  }

  /** Only a client that we wait for can be late; one that we hold back for a slow backend is not. */
  readonly #onIdle = (): void => {
    if (this.#request.isPaused()) this.#idle.refresh();
    else this.#request.destroy();
  };

  readonly #onData = (chunk: Buffer): void => {
    this.#idle.refresh();
    this.#received += chunk.length;
    if (this.#limit > 0 && this.#received > this.#limit) {
      this.destroy(new BodyError('too-large'));
      return;
    }
    if (this.#check === null) {
      if (!this.push(chunk)) this.#request.pause();
      return;
    }
    this.#check.update(chunk);
    const ready = this.#held;
    this.#held = chunk;
    if (ready !== null && !this.push(ready)) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#check !== null && !this.#check.fits()) {
      this.destroy(new BodyError('digest'));
      return;
    }
    if (this.#held !== null) this.push(this.#held);
    this.#held = null;
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.#request.complete) this.destroy(new BodyError('gone'));
  };
}
