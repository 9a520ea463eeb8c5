import type { Decision } from '../../guard/decision.ts';
import type { Guard } from '../../guard/guard.ts';
import type { RequestView } from '../../guard/view.ts';
import type { Outgoing } from './message.ts';

/**
 * An answer that others write: breaks it off once what it was admitted by no longer holds. Broken off, even where no head
 * has gone out: whoever is about to write one must not find another's there.
 */
export function watchAnswer(
  guard: Pick<Guard, 'watch'>,
  decision: Decision,
  view: RequestView,
  response: Outgoing,
): void {
  if (response.writableEnded || response.destroyed) return;
  const watched = guard.watch?.({ decision, view, end: () => void response.destroy() });
  if (watched !== undefined) response.on('close', () => watched.leave());
}
