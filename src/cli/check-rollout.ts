import type { Policy } from '../guard/policy.ts';
import { EVERYBODY, formatShare, isPartial } from '../guard/rollout.ts';

/** What a share of the sessions means for everybody else. */
export function rolloutNotes({ mode, rollout, routes, layerShares }: Policy): string[] {
  const shares = [rollout, ...layerShares.values(), ...routes.map((route) => route.rollout)];
  const least = Math.min(...shares);
  if (least === EVERYBODY) return [];
  if (mode === 'report') return ['rollout has no effect while mode is report'];
  return [
    `rollout: what is enforced for ${formatShare(least)} of the sessions lets the others in; whoever is refused gets in by another session or from another network`,
    ...(isPartial(rollout) ? ['rollout: security headers of pages and Strict-Transport-Security come with 100%'] : []),
  ];
}
