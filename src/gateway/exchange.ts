import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Incoming, Outgoing } from '../adapters/node/message.ts';
import { send } from '../adapters/node/send.ts';
import type { Decision } from '../guard/decision.ts';
import type { Open, Watched } from '../guard/open.ts';
import type { RequestView } from '../guard/view.ts';
import { AnswerWatch } from './answer-watch.ts';
import { BodyError, type Upload } from './body.ts';
import { Delivery } from './delivery.ts';
import { faultOf, UnsureError } from './forward-faults.ts';
import { type Destination, Journey } from './journey.ts';
import { textOf } from './raw-fields.ts';
import { toClient } from './response-fields.ts';
import type { Route, Upgraded } from './route.ts';

/** One request and its answer, between one client and one backend connection. */
export class Exchange implements Open, Destination {
  readonly #route: Route;
  readonly #request: Incoming;
  readonly #response: Outgoing;
  readonly #view: RequestView;
  readonly #decision: Decision;
  readonly #onUpgrade: Upgraded | null;
  readonly #journey: Journey;
  readonly #delivery: Delivery;
  readonly #watch: AnswerWatch;
  /** Whether the call may be made only so often, unless the backend refuses it. */
  readonly #counted: boolean;
  readonly #watched: Watched | undefined;
  #status = 0;
  /** Reasons to hold the backend up: it goes on when there is none any more. */
  #holds = 0;
  /** Settling before the head is released takes time only where state is elsewhere. */
  #settling = false;
  /** Set once the client has left and the answer is awaited all the same. */
  #unattended: (() => void) | null = null;
  #ended = false;
  #over = false;
  #whenOver: (() => void) | null = null;

  constructor(
    route: Route,
    request: Incoming,
    response: Outgoing,
    view: RequestView,
    decision: Decision,
    onUpgrade: Upgraded | null,
  ) {
    this.#route = route;
    this.#request = request;
    this.#response = response;
    this.#view = view;
    this.#decision = decision;
    this.#onUpgrade = onUpgrade;
    this.#journey = new Journey(route.upstream, view, onUpgrade !== null, this);
    this.#delivery = new Delivery(response);
    this.#watch = new AnswerWatch(route, view, decision, request.socket);
    this.#counted = decision.route.orders.some(({ atMost }) => atMost > 0);
    response.on('close', this.#onClose);
    response.on('error', this.#onClose);
    this.#watched = route.guard.watch?.(this);
  }

  get decision(): Decision {
    return this.#decision;
  }

  get view(): RequestView {
    return this.#view;
  }

  /** What it was admitted by has ended while it was open. */
  end(refused: Decision): void {
    if (this.#over) return;
    if (!this.#goesOn()) this.#breakOff(new Error('what it was admitted by has ended'));
    if (this.#response.headersSent) this.#response.destroy();
    else send(this.#request, this.#response, this.#route.guard.refusalAnswer(this.#view, refused));
  }

  /** Resolves when nobody is at it any more, which may be after its client has left. */
  over(): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenOver = resolve;
    });
  }

  /** The client may have left while the guard or the assertion took their time. */
  depart(fields: string[], body: Uint8Array | Upload | null, long: boolean): void {
    this.#journey.depart(fields, body, long, () => this.#over);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#journey.started(controller);
    if (this.#over) controller.abort(new Error('the client went away'));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _: unknown, socket: Duplex): void {
    this.#finish();
    if (this.#onUpgrade === null || this.#response.destroyed) {
      socket.destroy();
      return;
    }
    const { fields } = toClient(this.#route.rules, this.#view, this.#decision, status, textOf(controller.rawHeaders));
    this.#onUpgrade(status, fields, socket);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, message = ''): void {
    // Early hints may name preloads that nobody signed.
    if (status < 200 || this.#over) return;
    const { rules, pages } = this.#route;
    const head = toClient(rules, this.#view, this.#decision, status, textOf(controller.rawHeaders));
    const rewrite = pages === null ? null : pages.rewrite(this.#view, this.#decision, status, head.fields);
    this.#status = status;
    if (rewrite !== null) this.#watch.notAgain();
    this.#delivery.take(status, message, rewrite?.fields ?? head.fields, rewrite?.transform() ?? null);
    this.#route.onSettled?.(this.#decision, this.#view, status);
    const settled = this.#watch.head(status, head);
    if (settled === undefined) {
      // The first chunk may come in the same turn: an answer that fits into it goes out in one write.
      if (!this.#watch.readsWhole) process.nextTick(this.#release);
      return;
    }
    this.#settling = true;
    this.#during(controller, settled, 'the answer could not be settled', () => {
      this.#settling = false;
      if (!this.#watch.readsWhole || this.#ended) this.#conclude();
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    const read = this.#watch.chunk(chunk);
    if (read === undefined) this.#data(controller, chunk);
    else
      this.#during(controller, read, 'what the answer gives could not be noted', () => this.#data(controller, chunk));
  }

  /** Nothing more comes from the backend until this is done, and what follows it. */
  #during(controller: Dispatcher.DispatchController, task: Promise<unknown>, failure: string, next: () => void): void {
    this.#hold(controller);
    task.then(
      () => {
        next();
        this.#goOn(controller);
      },
      () => this.fail(new UnsureError(failure)),
    );
  }

  #data(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over || this.#goesUnread()) return;
    if (!this.#delivery.waits) {
      if (!this.#delivery.write(chunk)) this.#holdForReader(controller);
      return;
    }
    // Longer than any object that was just made: it goes on as every answer does.
    if (this.#watch.isTooLong(this.#delivery.hold(chunk)) && !this.#settling) this.#release();
  }

  onResponseEnd(): void {
    this.#journey.leave();
    if (this.#over) return;
    this.#ended = true;
    this.#watch.end();
    if (this.#goesUnread()) return;
    if (!this.#delivery.waits) {
      this.#delivery.end(null);
      this.#delivered();
    } else if (!this.#settling) this.#conclude();
  }

  /** Releases the answer; one that was read whole, after what it says has been kept. */
  #conclude(): void {
    // The object is there, whatever becomes of its creator's name: the answer goes out.
    if (this.#watch.readsWhole) this.#watch.whole(this.#delivery.held).finally(this.#release);
    else this.#release();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#journey.leave();
    if (this.#over) return;
    // What was reserved was so for once, and the first may have been charged.
    const mayRepeat = this.#status === 0 && !this.#decision.reserved;
    if (!mayRepeat || !this.#journey.repeats(error)) this.fail(error);
  }

  /** Answers with a problem where no head has gone out; else the client must see that the answer broke off. */
  fail(error: unknown): void {
    if (this.#over) return;
    // It never left: it may be made again. Whatever did leave may have been done.
    if (this.#counted && !this.#journey.hasLeft) this.#route.guard.unsent?.(this.#decision);
    this.#breakOff(error instanceof Error ? error : new Error('failed'));
    if (
      this.#response.destroyed ||
      this.#response.headersSent ||
      (error instanceof BodyError && error.fault === 'gone')
    ) {
      this.#response.destroy();
      return;
    }
    // The guard has told its listeners of this one.
    if (error instanceof BodyError && error.decision !== null) {
      this.#refuse(error.decision);
      return;
    }
    const decision = faultOf(this.#decision, error);
    this.#route.onFault(decision, this.#view);
    this.#refuse(decision);
  }

  #refuse(decision: Decision): void {
    send(this.#request, this.#response, this.#route.guard.refusalAnswer(this.#view, decision));
  }

  /** Writes the head, and with it whatever of the body is already there. */
  readonly #release = (): void => {
    if (!this.#delivery.waits || this.#over) return;
    if (this.#unattended !== null) {
      this.#goesUnread();
      return;
    }
    try {
      const flows = this.#delivery.release(this.#ended, this.#route.draining());
      if (this.#ended) this.#delivered();
      else if (!flows && this.#journey.controller !== null) this.#holdForReader(this.#journey.controller);
    } catch (error) {
      this.fail(error);
    }
  };

  /** All of it was written. What is rewritten ends when the client has it. */
  #delivered(): void {
    if (!this.#delivery.isRewritten) this.#finish();
  }

  /** A slow reader slows the backend instead of filling our memory. */
  #holdForReader(controller: Dispatcher.DispatchController): void {
    this.#hold(controller);
    this.#delivery.onceDrained(() => this.#goOn(controller));
  }

  #hold(controller: Dispatcher.DispatchController): void {
    this.#holds += 1;
    if (this.#holds === 1) controller.pause();
  }

  #goOn(controller: Dispatcher.DispatchController): void {
    this.#holds -= 1;
    if (this.#holds === 0) controller.resume();
  }

  readonly #onClose = (): void => {
    if (this.#over) return;
    if (this.#unattended !== null) return;
    const finished = this.#response.writableFinished;
    if (finished && this.#ended) this.#finish();
    else if (finished || !this.#goesOn()) this.#giveUp();
  };

  /** Whether the call stays with the backend, without a client, for what its answer says. */
  #goesOn(): boolean {
    const awaited = this.#watch.isAwaited || (this.#counted && this.#status === 0);
    if (!awaited || !this.#journey.isSent) return false;
    this.#unattended = this.#route.unattended.take(this.#decision.prefix, () => this.#giveUp());
    if (this.#unattended !== null) this.#watched?.leave();
    return this.#unattended !== null;
  }

  /** Whether nobody is there to write the answer to; given up once nobody waits for what it says either. */
  #goesUnread(): boolean {
    if (this.#unattended === null || (this.#watch.readsWhole && this.#delivery.waits)) return false;
    if (this.#ended || !this.#watch.isAwaited) this.#giveUp();
    return true;
  }

  #giveUp(): void {
    this.#breakOff(new Error('the client went away'));
  }

  /** Nothing more comes from the backend, and nothing more goes there. */
  #breakOff(why: Error): void {
    this.#finish();
    this.#journey.breakOff(why);
  }

  #finish(): void {
    this.#over = true;
    this.#whenOver?.();
    this.#watch.notAgain();
    this.#unattended?.();
    this.#watched?.leave();
    this.#journey.leave();
    if (!this.#journey.hasLeft) this.#route.guard.costs?.unsent(this.#decision);
  }
}
