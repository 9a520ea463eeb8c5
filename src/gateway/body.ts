import { Readable } from 'node:stream';
import { drain } from '../adapters/node/body.ts';
import type { Incoming } from '../adapters/node/message.ts';
import { createDigestCheck } from '../adapters/node/digest.ts';
import type { DigestCheck } from '../adapters/node/digest.ts';
import type { Decision, StreamDigest } from '../guard/decision.ts';
import type { FormWatch } from '../guard/form/question.ts';

/** Milliseconds without a byte after which an upload is given up. */
const IDLE_MS = 60_000;

export type BodyFault = 'digest' | 'too-large' | 'gone' | 'refused';

export class BodyError extends Error {
  readonly fault: BodyFault;
  /** What refused the request for what its body says. */
  readonly decision: Decision | null;
  constructor(fault: BodyFault, decision: Decision | null = null) {
    super(`request body: ${fault}`);
    this.fault = fault;
    this.decision = decision;
  }
}

export interface UploadRules {
  readonly digest: StreamDigest | null;
  readonly form: FormWatch | null;
  /** Bytes; 0 for no limit. */
  readonly limit: number;
}

/**
 * The body on its way to the backend, in constant memory. undici destroys the body it was given when the backend
 * answers early; were that the client's request itself, nothing would read its socket again. So this stands
 * between: destroying it reads the rest of the request within bounds.
 *
 * Where the body is checked on its way, one chunk is always held back, so that the backend never has the whole of one
 * that does not pass. A chunk that names a method which has to be asked for waits until that has been judged.
 */
export class Upload extends Readable {
  readonly #request: Incoming;
  readonly #limit: number;
  readonly #check: DigestCheck | null;
  readonly #form: FormWatch | null;
  readonly #idle: NodeJS.Timeout;
  #held: Buffer | null = null;
  #received = 0;
  #over = false;
  #judging = false;
  /** The request has told its end, which comes with its last byte even where it is paused. */
  #ended = false;

  constructor(request: Incoming, rules: UploadRules) {
    super({ highWaterMark: 64 * 1024 });
    this.#request = request;
    this.#limit = rules.limit;
    this.#check = rules.digest === null ? null : createDigestCheck(rules.digest);
    this.#form = rules.form;
    this.#idle = setTimeout(this.#onIdle, IDLE_MS);
    this.#idle.unref();
    request.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose);
    request.pause();
  }

  override _read(): void {
    if (this.#over || this.#judging) return;
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
    const judged = this.#form?.write(chunk) ?? null;
    if (judged !== null) this.#await(judged, () => this.#take(chunk));
    else if (!this.#take(chunk)) this.#request.pause();
  };

  /** False where the backend is to catch up first. */
  #take(chunk: Buffer): boolean {
    this.#check?.update(chunk);
    if (this.#check === null && this.#form === null) return this.push(chunk);
    const ready = this.#held;
    this.#held = chunk;
    return ready === null || this.push(ready);
  }

  /** Goes on once the request turns out to be one that the caller may make. */
  #await(judged: Promise<Decision | null>, goOn: () => boolean): void {
    this.#judging = true;
    this.#request.pause();
    judged.then(
      (refused) => {
        this.#judging = false;
        if (this.#over) return;
        if (refused !== null) {
          this.destroy(new BodyError('refused', refused));
          return;
        }
        const ready = goOn();
        if (this.#ended) this.#onEnd();
        else if (ready) this._read();
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error('failed')),
    );
  }

  readonly #onEnd = (): void => {
    if (this.#judging) {
      this.#ended = true;
      return;
    }
    this.#ended = false;
    if (this.#check !== null && !this.#check.fits()) {
      this.destroy(new BodyError('digest'));
      return;
    }
    const judged = this.#form?.end() ?? null;
    if (judged === null) this.#finish();
    else this.#await(judged, () => this.#finish());
  };

  #finish(): false {
    if (this.#held !== null) this.push(this.#held);
    this.#held = null;
    this.push(null);
    return false;
  }

  readonly #onClose = (): void => {
    if (!this.#request.complete) this.destroy(new BodyError('gone'));
  };
}
