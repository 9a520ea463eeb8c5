import type { Clock } from '../lib/clock.ts';
import type { Answer, Decision } from './decision.ts';
import type { Context } from './layer.ts';
import { type Connection, type FollowedCall, type Following, keyOf, removalOf } from './repeats-call.ts';
import { createRepeatShelf, REPEAT_BOUNDS, type RepeatBounds } from './repeats-shelf.ts';
import type { RequestView } from './view.ts';

/**
 * Answers to calls that change something, in case they are lost on the way. When a connection breaks before an answer has
 * come, browsers send even a POST again by themselves, with the very same proof. It must not be done twice, and it is no
 * attack: it gets the one answer that it has, once. In the memory of this process alone; a repeat that comes to another one
 * is refused as `replayed`.
 */
export interface Repeats {
  /**
   * Follows the answer to an admitted call; null where it may be repeated without harm, or nobody has signed it, or one of the
   * same signature was admitted before: by a redirect, or in report mode.
   */
  follow(request: RequestView, decision: Decision, connection: Connection): Following | null;
  /**
   * The answer to this very request, where one of the same signature was admitted and its connection broke. Waits while the
   * backend is still at it. Null where no such call is known.
   */
  again(request: RequestView, context: Context): Promise<Answer | null> | null;
  /** The answer by which this session removed this very object moments ago. */
  removed(request: RequestView, context: Context): Answer | null;
}

/** Sending these twice means no more than once, and whoever asks for state wants it as it is now. */
const HARMLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export function createRepeats(clock: Pick<Clock, 'monotonic'>, bounds: RepeatBounds = REPEAT_BOUNDS): Repeats {
  const shelf = createRepeatShelf(clock, bounds);

  /** Once, and only where it did not arrive. */
  const handOver = async (call: FollowedCall): Promise<Answer | null> => {
    // That the first connection broke may come in the same turn as what is sent again.
    if (!call.isLost) await new Promise((resolve) => setImmediate(resolve));
    if (!call.isLost || call.isAsked) return null;
    call.isAsked = true;
    await call.over();
    return shelf.answerOf(call);
  };

  return {
    follow(request, decision, connection) {
      const { proof } = decision;
      if (proof === null || HARMLESS.has(request.method)) return null;
      return shelf.follow(keyOf(proof), { request, proof, by: decision, connection });
    },
    again(request, context) {
      const { proof } = context;
      if (proof === null || HARMLESS.has(request.method)) return null;
      const call = shelf.find(keyOf(proof));
      return call?.isRepeated(request, proof, context) === true ? handOver(call) : null;
    },
    removed(request, context) {
      const { proof } = context;
      return proof === null ? null : shelf.answerOf(shelf.findRemoval(removalOf(request, proof, context)));
    },
  };
}
