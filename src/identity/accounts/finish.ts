import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import { publicUser } from '../user.ts';
import type { Account } from './account.ts';
import { jsonAnswer, problemFor } from './answers.ts';
import { rememberHome } from './attempt.ts';
import { audit } from './audit.ts';
import type { AccountsContext } from './context.ts';
import { subjectOf } from './subject.ts';

const WEEK = 7 * 24 * 3600;

/** Everything has been shown: hands the login in, or a token where the page asks for one. */
export async function finish(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  amr: readonly string[],
  wantsToken: boolean,
): Promise<Answer> {
  const { desk, clock, config, devices, tokens, policy } = context;
  const now = clock.wall();
  const { session } = call;
  if (await isBlocked(context, account)) {
    await audit(context, account, 'login', { amr, why: 'blocked' }, 'refused');
    return problemFor(call, policy().mount, 'login-failed', now);
  }
  if (wantsToken && session === null) return problemFor(call, policy().mount, 'entry-required', now);
  rememberHome(context, call, account);
  const device = devices.remember(call, account.id);
  const subject = subjectOf(account, amr, Math.floor(now / 1000));
  const user = publicUser(subject);
  await audit(context, account, 'login', { amr, token: wantsToken });
  if (wantsToken && session !== null) {
    const { token, expires } = await tokens.issue(session.id, account.id, amr);
    return jsonAnswer(200, { user, token, expires }, [device]);
  }
  const expires = now + (config.life ?? WEEK) * 1000;
  const cookies = await desk.admit(call, { subject, created: now, expires, sid: '', tokens: null });
  return jsonAnswer(200, { user }, [...cookies, device]);
}

/**
 * Ends every login and token of the account; the one of this browser goes on in a new session (R16). It lasts as long
 * as it would have, and is as recent as it was: what was shown now is not all that a login asks for.
 */
export async function endOthers(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  amr: readonly string[],
): Promise<Answer> {
  const { desk, clock, tokens, policy } = context;
  const login = call.session?.login;
  await tokens.endAll(account.id);
  await desk.end({ source: 'accounts', subject: account.id });
  if (login == null) return problemFor(call, policy().mount, 'login-required', clock.wall());
  const subject = subjectOf(account, amr, login.subject.authTime);
  const stays = { subject, created: clock.wall(), expires: login.expires, sid: '', tokens: null };
  return jsonAnswer(200, { user: publicUser(subject) }, await desk.admit(call, stays));
}

export async function isBlocked({ records }: AccountsContext, { id }: Account): Promise<boolean> {
  return (await records.users.get('accounts', id))?.blocked === true;
}
