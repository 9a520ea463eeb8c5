import type { Dispatcher } from 'undici';
import type { RequestView } from '../guard/view.ts';
import { Upload } from './body.ts';
import { isRepeatable } from './forward-faults.ts';
import { withoutProof } from './strip.ts';
import type { Passenger, Ride, Upstream } from './upstream.ts';

/** Hears of the answer, and of a request that cannot be sent at all. */
export interface Destination extends Dispatcher.DispatchHandler {
  fail(error: unknown): void;
}

/** One request on its way to the backend: once, or once more where the connection was dead before an answer began. */
export class Journey implements Passenger {
  readonly #upstream: Upstream;
  readonly #view: RequestView;
  readonly #upgrades: boolean;
  readonly #to: Destination;
  #fields: string[] = [];
  #body: Uint8Array | Upload | null = null;
  #ride: Ride | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #retried = false;

  constructor(upstream: Upstream, view: RequestView, upgrades: boolean, to: Destination) {
    this.#upstream = upstream;
    this.#view = view;
    this.#upgrades = upgrades;
    this.#to = to;
  }

  /** Null before a connection has taken the request up: nothing of it has left then, unless it is made once more. */
  get controller(): Dispatcher.DispatchController | null {
    return this.#controller;
  }

  /** Whether anything of it may have reached the backend. */
  get hasLeft(): boolean {
    return this.#controller !== null || this.#retried;
  }

  /** Whether all of it is with the backend. */
  get isSent(): boolean {
    return this.#controller !== null && (!(this.#body instanceof Upload) || this.#body.readableEnded);
  }

  /** @param over whether it is over before it has begun */
  depart(fields: string[], body: Uint8Array | Upload | null, long: boolean, over: () => boolean): void {
    this.#fields = fields;
    this.#body = body;
    if (over()) {
      if (body instanceof Upload) body.destroy();
      return;
    }
    this.#ride = this.#upstream.board(this, long);
    if (over()) this.leave();
  }

  start(dispatcher: Dispatcher): void {
    const { target, method } = this.#view;
    const upgrade = this.#upgrades ? { upgrade: 'websocket' } : {};
    try {
      dispatcher.dispatch(
        { path: withoutProof(target), method, headers: this.#fields, body: this.#body, ...upgrade },
        this.#to,
      );
    } catch (error) {
      this.#to.fail(error);
    }
  }

  /** A connection has taken it up. */
  started(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  /** Sends it once more after this fault, where its method and body allow that. */
  repeats(error: Error): boolean {
    if (this.#retried || this.#body instanceof Upload || this.#upgrades) return false;
    if (!isRepeatable(this.#view.method, error)) return false;
    this.#retried = true;
    this.#controller = null;
    this.#ride = this.#upstream.board(this, true);
    return true;
  }

  /** Frees the place that it has with the upstream. */
  leave(): void {
    this.#ride?.leave();
    this.#ride = null;
  }

  /** Nothing more comes from the backend, and nothing more goes there. */
  breakOff(why: Error): void {
    this.#controller?.abort(why);
    if (this.#body instanceof Upload) this.#body.destroy();
  }
}
