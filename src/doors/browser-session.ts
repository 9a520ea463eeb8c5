import { labelOf } from '../guard/session-label.ts';
import type { BrowserSession } from '../guard/endpoint.ts';
import type { Logins } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';
import type { SessionCookies } from './session-cookie.ts';

/** What the session cookie of a request says, for the gate's own addresses. */
export async function browserSession(
  cookies: SessionCookies,
  logins: Logins | null,
  request: RequestView,
  now: number,
): Promise<BrowserSession | null> {
  const opened = request.headers.cookie === '' ? null : cookies.open(request.headers.cookie, now);
  if (opened === null) return null;
  const login = opened.login === 0 || logins === null ? null : await logins.of(opened.id);
  return { id: opened.id, label: labelOf(opened.id), login };
}
