import type { IncomingMessage } from 'node:http';
import type { StreamDigest } from '../../guard/decision.ts';
import { createDigestCheck } from './digest.ts';

/** Lets the app behind a middleware read a body that the guard has read already. */
export function giveBack(request: IncomingMessage, body: Uint8Array): void {
  // The end has not been told yet: the guard's reader paused the stream at the last byte.
  if (!request.readableEnded && body.length > 0) request.unshift(body);
}

/**
 * Checks the digest of a body while the app reads it. One chunk is always held back: the app gets the whole body
 * only when it fits, else its request breaks off. Must be called before anybody reads.
 */
export function checkWhileRead(request: IncomingMessage, digest: StreamDigest): void {
  const check = createDigestCheck(digest);
  const push = request.push.bind(request);
  let held: unknown = null;
  // node's parser hands each piece of the body to `push`, and null at the end.
  request.push = (chunk: unknown): boolean => {
    if (chunk instanceof Uint8Array) {
      check.update(chunk);
      const ready = held;
      held = chunk;
      return ready === null || push(ready);
    }
    if (!check.fits()) {
      request.destroy(new Error('the body does not fit its digest'));
      return false;
    }
    if (held !== null) push(held);
    return push(null);
  };
  for (let early: unknown = request.read(); early !== null; early = request.read()) request.push(early);
}
