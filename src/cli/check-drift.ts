import type { DriftAction } from '../guard/drift.ts';
import type { Policy } from '../guard/policy.ts';

const ASKED: Readonly<Record<DriftAction, string>> = {
  note: 'recorded, nothing is asked',
  entry: 'the page enters again, which nobody sees',
  login: 'a new login; a session without one enters again',
  refuse: 'the session stays where it was, and a new one begins',
};

/** What becomes of a session that shows up elsewhere than it was entered. */
export function describeDrift({ drift }: Policy): readonly string[] {
  const only = drift.enforced ? '' : ' (reported only)';
  return [
    `another network alone (IPv4 /24, IPv6 /48): ${ASKED[drift.network]}`,
    `another browser alone (family, platform, language): ${ASKED[drift.browser]}`,
    `both at once: ${ASKED[drift.both]}`,
  ].map((line) => line + only);
}
