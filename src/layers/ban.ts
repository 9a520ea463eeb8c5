import { PASS, refusal } from '../guard/decision.ts';
import type { Bans } from '../guard/keys.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import { labelOf } from '../guard/session-label.ts';
import { subjectName } from '../guard/subject.ts';

const BANNED = refusal('banned', 'nobody who is banned: `sallyport bans` lists and lifts');

/**
 * Keeps out whom somebody has banned: an address, a session, a user. Comes after what says who that is, and believes only
 * what these have verified. Keys are the key layer's.
 *
 * @param bans null where nobody can be banned
 */
export function createBan(bans: Bans | null): Layer {
  if (bans === null) return { name: 'ban', forRoute: () => null };
  const check: Check = (_request, context) => (isBanned(bans, context) ? BANNED : PASS);
  return { name: 'ban', forRoute: () => check, stands: check };
}

function isBanned(bans: Bans, { prefix, ticket, cookieSession, subject }: Context): boolean {
  if (!bans.isEmpty('prefix') && bans.has('prefix', prefix)) return true;
  if (!bans.isEmpty('subject') && subject !== null && bans.has('subject', subjectName(subject))) return true;
  if (bans.isEmpty('session')) return false;
  const session = ticket === null ? cookieSession : ticket.session;
  return session !== '' && bans.has('session', labelOf(session));
}
