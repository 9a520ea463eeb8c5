import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '../../guard/decision.ts';
import type { SealedDesk, Unsealed } from '../../guard/sealed.ts';
import { type BodySource, IncompleteBody, type RequestView } from '../../guard/view.ts';
import { HELD_BODY_BYTES } from '../../wire/constants.ts';
import type { Incoming, Outgoing } from './message.ts';
import { sealAnswer } from './seal-answer.ts';
import { toView } from './view.ts';

/** A call that came sealed, as everybody finds it from here on: the guard, the gate, an app behind the middleware. */
export interface UnsealedCall {
  readonly request: IncomingMessage;
  readonly view: RequestView;
}

/**
 * Opens the sealed call that a request holds; whatever is written as its answer goes out sealed. Answers what refuses it
 * where it cannot be opened. Rejects where the client went away.
 */
export async function unseal(
  desk: SealedDesk,
  request: Incoming,
  response: Outgoing,
  view: RequestView,
): Promise<UnsealedCall | Answer> {
  const opened = await desk.open(view);
  if ('status' in opened) return opened;
  const body = new UnsealedBody(opened);
  const call = toRequest(request, response, opened, body);
  response.once('close', () => {
    body.release();
    // The client left: so an app hears of it that still reads.
    if (!response.writableFinished) call.destroy();
  });
  // It left while the seal was opened: nobody hears that any more.
  if (response.destroyed) body.release();
  if ('req' in response) response.req = call;
  sealAnswer(response, opened);
  const { ticket: sealed, begun } = opened;
  return { request: call, view: { ...toView(call, response), body, sealed, begun } };
}

/** The body of a call that came sealed: counted as held until whoever it is for reads it, or nobody waits for the answer. */
class UnsealedBody implements BodySource {
  readonly length: number;
  readonly release: () => void;
  #bytes: Uint8Array | null;

  constructor({ body, release }: Pick<Unsealed, 'body' | 'release'>) {
    this.length = body.length;
    this.release = release;
    this.#bytes = body;
  }

  collect(limit: number): Promise<Uint8Array | null> {
    if (this.length > limit) return Promise.resolve(null);
    const bytes = this.#bytes;
    return bytes === null ? Promise.reject(new IncompleteBody('the body was taken')) : Promise.resolve(bytes);
  }

  /** Null for none, and once it was taken. */
  take(): Uint8Array | null {
    const bytes = this.#bytes;
    // What the guard may have read stays: it is short.
    if (this.length > HELD_BODY_BYTES) this.#bytes = null;
    this.release();
    return this.length === 0 ? null : bytes;
  }
}

/** One of node's own, because that is what apps know. Its body comes when somebody reads: it may be looked through then. */
class UnsealedRequest extends IncomingMessage {
  readonly #content: UnsealedBody;
  readonly #broken: () => void;

  /** @param broken called where whoever looks through the body does not let it pass */
  constructor(socket: Incoming['socket'], content: UnsealedBody, broken: () => void) {
    // Platform edge: by HTTP/2 it is not a socket, but what is asked of one is there.
    super(socket as Socket);
    this.#content = content;
    this.#broken = broken;
  }

  override _read(): void {
    const bytes = this.#content.take();
    if (bytes !== null) this.push(bytes);
    this.push(null);
  }

  /** Breaks off nothing but itself: by HTTP/2 the socket is others' as well. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null) this.#broken();
    done(this.listenerCount('error') > 0 ? error : null);
  }
}

function toRequest(outer: Incoming, response: Outgoing, opened: Unsealed, body: UnsealedBody): IncomingMessage {
  const { method, target, fields } = opened;
  const call = new UnsealedRequest(outer.socket, body, () => response.destroy());
  const length = body.length === 0 ? [] : ['content-length', String(body.length)];
  const rawHeaders = [...fields, ...length];
  if (outer instanceof IncomingMessage) {
    const { httpVersion, httpVersionMajor, httpVersionMinor } = outer;
    Object.assign(call, { httpVersion, httpVersionMajor, httpVersionMinor });
  }
  const headersDistinct = lists(rawHeaders);
  const headers = joined(headersDistinct);
  Object.assign(call, { method, url: target, rawHeaders, headers, headersDistinct, complete: true });
  return call;
}

function lists(raw: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    out[name] = [...(out[name] ?? []), raw[at + 1] ?? ''];
  }
  return out;
}

/**
 * As node joins them (`message.headers`), as far as requests have them: the first of what comes once, cookies by `; `. An
 * object like others, because apps ask it what they ask others.
 */
function joined(distinct: Record<string, string[]>): Record<string, string> {
  const out: Record<string, string> = {};
  // A text is no prototype: what is so called is left out, as node does.
  for (const [name, values] of Object.entries(distinct))
    out[name] = ONCE.has(name) ? (values[0] ?? '') : values.join(name === 'cookie' ? '; ' : ', ');
  return out;
}

/** Fields of requests of which node takes the first alone. */
const ONCE: ReadonlySet<string> = new Set([
  ...['authorization', 'content-length', 'content-type', 'from', 'host', 'if-modified-since', 'if-unmodified-since'],
  ...['max-forwards', 'proxy-authorization', 'referer', 'user-agent'],
]);
