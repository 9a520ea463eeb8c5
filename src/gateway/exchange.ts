import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Incoming, Outgoing } from '../adapters/node/message.ts';
import { send } from '../adapters/node/send.ts';
import { LONGEST_CREATION } from '../guard/creation-watch.ts';
import type { FollowedAnswer } from '../guard/cost-watch.ts';
import type { Decision } from '../guard/decision.ts';
import type { Open, Watched } from '../guard/open.ts';
import type { ServedReader } from '../guard/served-watch.ts';
import type { RequestView } from '../guard/view.ts';
import { BodyError, Upload } from './body.ts';
import { type Creation, creationOf } from './creation.ts';
import { isPlainJson } from './fieldlist.ts';
import { codeOf, isRepeatable, UnsureError } from './forward-faults.ts';
import { type ResponseHead, toClient } from './response-fields.ts';
import type { Route, Upgraded } from './route.ts';
import { withoutProof } from './strip.ts';
import type { Passenger, Ride } from './upstream.ts';

/** Bodies up to this many bytes leave in one piece with their head. */
const JOINED_BYTES = 16 * 1024;

/** One request and its answer, between one client and one backend connection. */
export class Exchange implements Passenger, Open, Dispatcher.DispatchHandler {
  readonly #route: Route;
  readonly #request: Incoming;
  readonly #response: Outgoing;
  readonly #view: RequestView;
  readonly #decision: Decision;
  readonly #onUpgrade: Upgraded | null;
  #fields: string[] = [];
  #body: Uint8Array | Upload | null = null;
  #ride: Ride | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #transform: Duplex | null = null;
  #status = 0;
  #message = '';
  #head: string[] | null = null;
  /** First chunk, held until the loop's turn ends: an answer that fits into it goes out in one write. */
  #held: Buffer | null = null;
  #ended = false;
  /** Null where the answer says nothing of an object that anybody asks about. */
  readonly #creation: Creation | null;
  /** Whether the call may be made only so often, unless the backend refuses it. */
  readonly #counted: boolean;
  /** Set once the client has left and the answer is awaited all the same. */
  #unattended: (() => void) | null = null;
  /** Settling before the head is released takes time only where state is elsewhere. */
  #settling = false;
  /** Set where the answer gives ids that others ask for. */
  #giving: ServedReader | null = null;
  /** Set where the answer says what the call cost. */
  #cost: FollowedAnswer | null = null;
  #over = false;
  #retried = false;
  readonly #watched: Watched | undefined;

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
    this.#creation = creationOf(route.guard.creations, view, decision);
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

  depart(fields: string[], body: Uint8Array | Upload | null, long: boolean): void {
    this.#fields = fields;
    this.#body = body;
    // The client may have left while the guard or the assertion took their time.
    if (this.#over) {
      if (body instanceof Upload) body.destroy();
      return;
    }
    this.#ride = this.#route.upstream.board(this, long);
    if (this.#over) this.#ride.leave();
  }

  start(dispatcher: Dispatcher): void {
    try {
      dispatcher.dispatch(
        {
          path: withoutProof(this.#view.target),
          method: this.#view.method,
          headers: this.#fields,
          body: this.#body,
          ...(this.#onUpgrade === null ? {} : { upgrade: 'websocket' }),
        },
        this,
      );
    } catch (error) {
      this.fail(error);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
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
    this.#head = rewrite === null ? head.fields : rewrite.fields;
    this.#transform = rewrite === null ? null : rewrite.transform();
    this.#status = status;
    this.#message = message;
    this.#route.onSettled?.(this.#decision, this.#view, status);
    const { serves, costs } = this.#route.guard;
    if (costs?.takes(this.#decision) === true) this.#cost = costs.follow(this.#decision, status, head.fields);
    if (serves?.takes(this.#decision) === true && status < 300 && isPlainJson(head.fields))
      this.#giving = serves.reader(this.#decision);
    const settled = this.#settle(status, head);
    if (settled === undefined) {
      if (this.#creation?.reading !== true) process.nextTick(this.#release);
      return;
    }
    this.#settling = true;
    controller.pause();
    settled.then(
      () => {
        this.#settling = false;
        if (this.#creation?.reading !== true || this.#ended) this.#conclude();
        controller.resume();
      },
      () => this.fail(new UnsureError('the answer could not be settled')),
    );
  }

  /** What has to be known before anybody can act on the answer. */
  #settle(status: number, { fields, location }: ResponseHead): Promise<unknown> | undefined {
    const settled = this.#route.guard.settle(this.#view, this.#decision, { status, location });
    const kept = this.#creation?.head(status, fields);
    return settled === undefined && kept === undefined ? undefined : Promise.all([settled, kept]);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#cost?.add(chunk);
    const given = this.#giving?.read(chunk);
    if (given === undefined) {
      this.#data(controller, chunk);
      return;
    }
    controller.pause();
    given.then(
      () => {
        this.#data(controller, chunk);
        controller.resume();
      },
      () => this.fail(new UnsureError('what the answer gives could not be noted')),
    );
  }

  #data(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#head !== null) {
      this.#held = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
      // Longer than any object that was just made: it goes on as every answer does.
      if (this.#creation?.reading === true && this.#held.length > LONGEST_CREATION) {
        this.#creation.leave();
        if (!this.#settling) this.#release();
      }
      return;
    }
    if (!this.#write(chunk)) this.#holdBackend(controller);
  }

  onResponseEnd(): void {
    this.#leave();
    if (this.#over) return;
    this.#ended = true;
    this.#cost?.end();
    if (this.#head === null) this.#end();
    else if (!this.#settling) this.#conclude();
  }

  /** Releases the answer; one that was read whole, after what it says has been kept. */
  #conclude(): void {
    // The object is there, whatever becomes of its creator's name: the answer goes out.
    if (this.#creation?.reading === true) this.#creation.body(this.#held).finally(this.#release);
    else this.#release();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#leave();
    if (this.#over) return;
    if (this.#mayRepeat(error)) {
      this.#retried = true;
      this.#controller = null;
      this.#ride = this.#route.upstream.board(this, true);
      return;
    }
    this.fail(error);
  }

  /** Answers with a problem where no head has gone out; else the client must see that the answer broke off. */
  fail(error: unknown): void {
    if (this.#over) return;
    // It never left: it may be made again. Whatever did leave may have been done.
    if (this.#counted && this.#controller === null && !this.#retried) this.#route.guard.unsent?.(this.#decision);
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
    const code = codeOf(error);
    const outcome = code === 'digest' || code === 'too-large' || code === 'target' ? 'refuse' : 'error';
    const layer = outcome === 'refuse' ? (code === 'digest' ? 'proof' : 'target') : 'upstream';
    const decision: Decision = { ...this.#decision, outcome, code, layer, answer: null };
    this.#route.onFault(decision, this.#view);
    this.#refuse(decision);
  }

  #refuse(decision: Decision): void {
    send(this.#request, this.#response, this.#route.guard.refusalAnswer(this.#view, decision));
  }

  /** Writes the head, and with it whatever of the body is already there. */
  readonly #release = (): void => {
    const head = this.#head;
    if (head === null || this.#over) return;
    if (this.#unattended !== null) {
      this.#giveUp();
      return;
    }
    this.#head = null;
    const response = this.#response;
    response.sendDate = false;
    if (this.#route.draining()) head.push('Connection', 'close');
    try {
      if (isReason(this.#message, this.#status)) response.writeHead(this.#status, this.#message, head);
      else response.writeHead(this.#status, head);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.#transform !== null) this.#connect(this.#transform);
    const held = this.#held;
    this.#held = null;
    if (this.#ended) this.#end(held);
    else if (held === null) response.flushHeaders();
    else if (!this.#write(held) && this.#controller !== null) this.#holdBackend(this.#controller);
  };

  #connect(transform: Duplex): void {
    transform.on('error', () => this.#response.destroy());
    transform.pipe(this.#response);
  }

  #write(chunk: Buffer): boolean {
    return (this.#transform ?? this.#response).write(chunk);
  }

  /** A slow reader slows the backend instead of filling our memory. */
  #holdBackend(controller: Dispatcher.DispatchController): void {
    controller.pause();
    (this.#transform ?? this.#response).once('drain', () => controller.resume());
  }

  #end(last: Buffer | null = null): void {
    const sink = this.#transform ?? this.#response;
    if (last === null) sink.end();
    // As latin1, which maps bytes to characters one to one, node joins head and body into one write.
    else if (last.length <= JOINED_BYTES) sink.end(last.toString('latin1'), 'latin1');
    else sink.end(last);
    if (this.#transform === null) this.#finish();
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
    const sent = this.#controller !== null && (!(this.#body instanceof Upload) || this.#body.readableEnded);
    const awaited = this.#creation?.awaited === true || (this.#counted && this.#status === 0);
    if (!awaited || !sent) return false;
    this.#unattended = this.#route.unattended.take(() => this.#giveUp());
    if (this.#unattended !== null) this.#watched?.leave();
    return this.#unattended !== null;
  }

  #giveUp(): void {
    this.#breakOff(new Error('the client went away'));
  }

  /** Nothing more comes from the backend, and nothing more goes there. */
  #breakOff(why: Error): void {
    this.#finish();
    this.#controller?.abort(why);
    if (this.#body instanceof Upload) this.#body.destroy();
  }

  #finish(): void {
    this.#over = true;
    this.#unattended?.();
    this.#watched?.leave();
    this.#leave();
    // Before a connection takes it up, nothing of it has left.
    if (this.#controller === null) this.#route.guard.costs?.unsent(this.#decision);
  }

  #leave(): void {
    this.#ride?.leave();
    this.#ride = null;
  }

  #mayRepeat(error: Error): boolean {
    // It was reserved for once, and the first may have been charged.
    if (this.#decision.reserved) return false;
    if (this.#retried || this.#status !== 0 || this.#body instanceof Upload || this.#onUpgrade !== null) return false;
    return isRepeatable(this.#view.method, error);
  }
}

/** Whether a reason phrase is worth repeating: it differs from the usual one and is plain text. */
function isReason(message: string, status: number): boolean {
  return message !== '' && message !== STATUS_CODES[status] && /^[\t\x20-\x7e]+$/.test(message);
}

/** undici hands over the raw lines as Buffers. */
function textOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  const out = new Array<string>(raw.length);
  for (let i = 0; i < raw.length; i += 1) {
    const item = raw[i];
    out[i] = typeof item === 'string' ? item : (item?.toString('latin1') ?? '');
  }
  return out;
}
