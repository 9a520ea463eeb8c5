import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { type Account, MAX_PASSWORD } from './account.ts';
import { jsonAnswer, problemFor, readForm, textOf } from './answers.ts';
import { attempt } from './attempt.ts';
import { audit } from './audit.ts';
import type { AccountsContext } from './context.ts';
import { endOthers } from './finish.ts';
import { forOwner } from './owner.ts';
import { isGoodPassword } from './password-rules.ts';

/**
 * `POST {mount}/password` `{ "current", "next" }` by who is logged in: every other login and every token of the account ends, and
 * links that set a password are worth nothing any more. 422 `{ "error": "password" }` for a new one that is too weak.
 */
export function createChangePassword(context: AccountsContext): Endpoint {
  const { directory, clock, policy, config } = context;

  async function act(call: EndpointCall, account: Account): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    const current = textOf(form, 'current', MAX_PASSWORD);
    const next = textOf(form, 'next', 1024);
    if (!isGoodPassword(next, account.name, config.passwordLength)) return jsonAnswer(422, { error: 'password' });
    const check = (): Promise<boolean> => directory.changePassword(account.id, current, next);
    const outcome = await attempt(context, call, { what: 'password', account, name: account.name, check });
    if (outcome.kind === 'wait') return problemFor(call, mount, 'limit', now, outcome.seconds);
    if (outcome.kind === 'failed') return problemFor(call, mount, 'login-failed', now);
    await audit(context, account, 'login.password.change');
    return endOthers(context, call, account, call.session?.login?.subject.amr ?? ['pwd']);
  }

  return forOwner(context, { method: 'POST', path: '/password', maxBody: 4096, recent: false, act });
}
