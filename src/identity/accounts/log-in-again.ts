import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { type Account, MAX_PASSWORD } from './account.ts';
import { objectOf, problemFor, readForm, textOf } from './answers.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';
import { forOwner } from './owner.ts';
import { ownerOf } from './passkey-login.ts';
import { showCode, showPassword } from './shown.ts';

/**
 * `POST {mount}/login/again` by who is logged in: all that a login of this account asks for, at once. `{ "password" }`, with
 * `"code"` where there is a second factor; or `{ "response" }` of a passkey, to `POST {mount}/login/passkey/options`. Another account's
 * proof is worth nothing here. It is a login as any other: the session that follows has a new id (R16).
 */
export function createLogInAgain(context: AccountsContext): Endpoint {
  const { clock, policy, limits, config, directory } = context;

  async function act(call: EndpointCall, account: Account): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    const response = objectOf(form, 'response');
    if (response === null) {
      const password = textOf(form, 'password', MAX_PASSWORD);
      const refused = await showPassword(context, call, account, () => directory.checkPassword(account, password));
      if (refused !== null) return refused;
      if (!account.secondFactor) return finish(context, call, account, ['pwd'], false);
      const wrong = await showCode(context, call, account, textOf(form, 'code', 64));
      return wrong ?? finish(context, call, account, ['pwd', 'otp', 'mfa'], false);
    }
    const wait = limits.passkeys.take(call.decision.prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    const shown = config.passkeys !== false && (await ownerOf(context, call, response)) === account.id;
    return shown
      ? finish(context, call, account, ['pop', 'user', 'mfa'], false)
      : problemFor(call, mount, 'login-failed', now);
  }

  return forOwner(context, { method: 'POST', path: '/login/again', maxBody: 4096, recent: false, act });
}
