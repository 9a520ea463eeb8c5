import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { MAX_PASSWORD, toLoginName } from './account.ts';
import { jsonAnswer, problemFor, readForm, textOf } from './answers.ts';
import { attempt } from './attempt.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';
import { sendVerification } from './verify.ts';

/**
 * `POST {mount}/login` `{ "name", "password" }`: a user name or an address, and its password. Answers
 * `{ "user" }`, or `{ "next": "second-factor" }`, or `{ "next": "verify-email" }`; with `"token": true` and where the configuration
 * allows it, `{ "user", "token", "expires" }`. Wrong name and wrong password are one answer, in one time.
 */
export function createLogIn(context: AccountsContext): Endpoint {
  const { directory, clock, policy, config, pending, limits, devices } = context;

  async function answer(call: EndpointCall): Promise<Answer> {
    const form = readForm(call.body);
    const now = clock.wall();
    const { mount } = policy();
    if (form === null) return problemFor(call, mount, 'schema', now);
    const name = toLoginName(textOf(form, 'name', 254));
    const password = textOf(form, 'password', MAX_PASSWORD);
    const wantsToken = form['token'] === true && tokensAllowed(config.token);
    if (call.session === null) return problemFor(call, mount, 'entry-required', now);
    // Before anything is looked up: a flood costs what its refusals cost.
    const wait = limits.requests.take(devices.browser(call) || call.decision.prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    // What no account could have costs nobody a hash.
    if (name === '' || password === '') return problemFor(call, mount, 'login-failed', now);
    const account = await directory.find(name);
    const check = (): Promise<boolean> => directory.checkPassword(account, password);
    const outcome = await attempt(context, call, { what: 'password', account, name, check });
    if (outcome.kind === 'wait') return problemFor(call, mount, 'limit', now, outcome.seconds);
    if (outcome.kind === 'failed' || account === null) return problemFor(call, mount, 'login-failed', now);
    if (config.email === 'verified' && !account.emailVerified) {
      sendVerification(context, call, account);
      return jsonAnswer(200, { next: 'verify-email' });
    }
    if (!account.secondFactor) return finish(context, call, account, ['pwd'], wantsToken);
    const cookie = pending.issue(call, { account: account.id, wantsToken });
    return cookie === null
      ? problemFor(call, mount, 'entry-required', now)
      : jsonAnswer(200, { next: 'second-factor' }, [cookie]);
  }

  return { method: 'POST', path: '/login', asks: 'site', maxBody: 4096, answer };
}

export const tokensAllowed = (token: boolean | string | undefined): boolean => token !== undefined && token !== false;
