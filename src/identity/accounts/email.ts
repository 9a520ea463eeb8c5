import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { type Account, EMAIL, isPlaceholder } from './account.ts';
import { jsonAnswer, ownOrigin, problemFor, readForm, textOf } from './answers.ts';
import type { AccountsContext } from './context.ts';
import { forOwner } from './owner.ts';
import { send } from './verify.ts';

/**
 * `POST {mount}/email` `{ "email" }` by who has logged in lately: sends a link to the new address, which becomes the account's once it
 * is opened there. The answer is the same whether another account has the address or not. 422 `{ "error": "email" }`
 * for what is none, `{ "error": "not-configured" }` without `sendVerification`.
 */
export function createEmailChange(context: AccountsContext): Endpoint {
  const { clock, policy, config, limits, directory } = context;

  async function act(call: EndpointCall, account: Account): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    if (config.sendVerification === undefined) return jsonAnswer(422, { error: 'not-configured' });
    const email = textOf(form, 'email', 254).trim().toLowerCase();
    if (!EMAIL.test(email) || isPlaceholder(email)) return jsonAnswer(422, { error: 'email' });
    const origin = ownOrigin(context, call);
    if (origin === null) return problemFor(call, mount, 'host', now);
    const wait = limits.mailPerPrefix.take(call.decision.prefix) || limits.mailPerAccount.take(account.id);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    send(context, account, 'email', async () => {
      if ((await directory.find(email)) !== null) return;
      const url = `${origin}${mount}/login#verify=${await directory.createEmailChange(account, email)}`;
      await config.sendVerification?.({ to: email, name: account.name, url });
    });
    return jsonAnswer(200, { sent: true });
  }

  return forOwner(context, { method: 'POST', path: '/email', maxBody: 1024, recent: true, act });
}
