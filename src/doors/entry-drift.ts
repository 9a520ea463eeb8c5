import {
  actionOn,
  arrived,
  BROWSER,
  changesOf,
  type DriftRule,
  LANGUAGE,
  NOWHERE,
  type Whereabouts,
} from '../guard/drift.ts';
import type { SessionChoice } from './entry-session.ts';
import type { OpenSession } from './session-cookie.ts';

/** Whether a session is not taken up from here, because policy refuses sessions that have moved: who comes then is new. */
export function staysBehind(rule: DriftRule, session: OpenSession | null, here: Whereabouts): boolean {
  return rule.enforced && session !== null && askedOf(rule, session, here) === 'refuse';
}

/**
 * What an entry's ticket and cookie remember: where it was made. But a session of which policy asks more than an entry
 * goes on with where it was, until a login or a new session has answered that.
 */
export function rememberedAt(
  rule: DriftRule,
  { resume, replaces, grant, moves }: SessionChoice & { readonly kind: 'enter' },
  shown: OpenSession | null,
  here: Whereabouts,
): Whereabouts {
  // What a session with other rights goes on from is the session before; a login that was just made goes on from nothing.
  const before = moves ? replaces : resume;
  if (before === null || before.from === NOWHERE || grant !== null) return arrived(shown?.from ?? NOWHERE, here);
  const asked = askedOf(rule, before, here);
  const waits = asked === 'refuse' || (asked === 'login' && before.login !== 0);
  return waits ? before.from : arrived(before.from, here);
}

/** An entry is made by our own script, so its language is the browser's. */
function askedOf(rule: DriftRule, { from }: OpenSession, here: Whereabouts): DriftRule['both'] {
  const changes = changesOf(from, here);
  return actionOn(rule, (changes & LANGUAGE) === 0 ? changes : changes | BROWSER);
}
