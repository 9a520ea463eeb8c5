import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { MAX_PASSWORD } from './account.ts';
import { jsonAnswer, problemFor, readForm, textOf } from './answers.ts';
import { attempt } from './attempt.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';
import { isGoodPassword } from './password-rules.ts';
import { present } from './present.ts';

/**
 * `POST {mount}/password` `{ "current", "next" }` by who is logged in: every login and token of the account ends, and this browser
 * gets a new one. 422 `{ "error": "password" }` for a new one that is too weak.
 */
export function createChangePassword(context: AccountsContext): Endpoint {
  const { directory, clock, policy, config, desk, tokens } = context;

  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const account = await present(context, call);
    if (account === null) return problemFor(call, mount, 'login-required', now);
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    const current = textOf(form, 'current', MAX_PASSWORD);
    const next = textOf(form, 'next', 1024);
    if (!isGoodPassword(next, account.name, config.passwordLength)) return jsonAnswer(422, { error: 'password' });
    const check = (): Promise<boolean> => directory.changePassword(account.id, current, next);
    const outcome = await attempt(context, call, { what: 'password', account, name: account.name, check });
    if (outcome.kind === 'wait') return problemFor(call, mount, 'limit', now, outcome.seconds);
    if (outcome.kind === 'failed') return problemFor(call, mount, 'login-failed', now);
    await tokens.endAll(account.id);
    await desk.end({ source: 'accounts', subject: account.id });
    return finish(context, call, account, call.session?.login?.subject.amr ?? ['pwd'], false);
  }

  return { method: 'POST', path: '/password', asks: 'proof', maxBody: 4096, answer };
}
