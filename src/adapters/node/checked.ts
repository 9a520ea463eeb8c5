import type { IncomingMessage } from 'node:http';
import type { StreamDigest } from '../../guard/decision.ts';
import type { FormWatch } from '../../guard/form/question.ts';
import { createDigestCheck } from './digest.ts';

/** Lets the app behind a middleware read a body that the guard has read already. */
export function giveBack(request: IncomingMessage, body: Uint8Array): void {
  // The end has not been told yet: the guard's reader paused the stream at the last byte.
  if (request.readableEnded || body.length === 0) return;
  // What a call that came sealed holds has been judged and not read.
  while (request.read() !== null);
  request.unshift(body);
  // Paused by hand, it would stay so for whoever listens for `data`; one whose last reader has gone flows again by itself.
  request.on('readable', nothing).off('readable', nothing);
}

const nothing = (): void => {};

/**
 * Checks a body while the app reads it: its digest, and what a form in it asks for. One chunk is always held back: the
 * app gets the whole body only when it passes, else its request breaks off. Must be called before anybody reads.
 */
export function checkWhileRead(request: IncomingMessage, digest: StreamDigest | null, form: FormWatch | null): void {
  const check = digest === null ? null : createDigestCheck(digest);
  const push = request.push.bind(request);
  let held: unknown = null;
  /** What came while a piece before it was being judged. */
  let waiting: unknown[] | null = null;

  const ended = (): boolean => {
    if (held !== null) push(held);
    return push(null);
  };
  const take = (chunk: unknown): boolean => {
    if (chunk === null) return ended();
    const ready = held;
    held = chunk;
    return ready === null || push(ready);
  };
  const judged = (chunk: unknown, refused: boolean): void => {
    const more = waiting ?? [];
    waiting = null;
    if (refused) request.destroy(new Error('the caller may not do what the body asks for'));
    if (request.destroyed) return;
    take(chunk);
    for (const each of more) request.push(each);
  };
  // node's parser hands each piece of the body to `push`, and null at the end.
  request.push = (chunk: unknown): boolean => {
    if (waiting !== null) {
      waiting.push(chunk);
      return false;
    }
    const piece = chunk instanceof Uint8Array ? chunk : null;
    if (piece !== null) check?.update(piece);
    else if (check?.fits() === false) {
      request.destroy(new Error('the body does not fit its digest'));
      return false;
    }
    const asked = piece === null ? form?.end() : form?.write(piece);
    if (!asked) return take(piece);
    waiting = [];
    asked.then(
      (decision) => judged(piece, decision !== null),
      () => judged(piece, true),
    );
    return false;
  };
  // All that has come before anybody asked for it, in one piece.
  if (request.readableLength > 0) request.push(request.read());
}
