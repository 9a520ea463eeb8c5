import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { jsonAnswer, objectOf, ownOrigin, problemFor, readForm } from './answers.ts';
import { CHALLENGE_MS } from './challenge.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';
import { tokensAllowed } from './log-in.ts';
import { challengeOf, loginOptions, readLogin, type Unchecked, userHandleOf } from './webauthn.ts';

/** `POST {mount}/login/passkey/options`: what the browser asks the authenticator, `{ "options" }`. */
export function createPasskeyOptions(context: AccountsContext): Endpoint {
  const { clock, policy, limits, challenges } = context;
  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const origin = ownOrigin(context, call);
    if (origin === null) return problemFor(call, mount, 'host', now);
    if (call.session === null) return problemFor(call, mount, 'entry-required', now);
    const wait = limits.passkeys.take(call.decision.prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    const challenge = challenges.issue({ what: 'login', session: call.session.id, origin });
    return jsonAnswer(200, { options: await loginOptions(origin, challenge) });
  }
  return { method: 'POST', path: '/login/passkey/options', asks: 'site', maxBody: 256, answer };
}

/**
 * `POST {mount}/login/passkey` `{ "response" }`: challenge once and for this session and origin, user verified, counter
 * rising (R63). No throttle by account: there is nothing to guess, and so no stranger shuts an owner out of it.
 */
export function createPasskeyLogIn(context: AccountsContext): Endpoint {
  const { clock, policy, limits, config, directory } = context;
  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const form = readForm(call.body);
    const response = form === null ? null : objectOf(form, 'response');
    if (form === null || response === null) return problemFor(call, mount, 'schema', now);
    const wait = limits.passkeys.take(call.decision.prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    const id = await ownerOf(context, call, response);
    const account = id === null ? null : await directory.byId(id);
    if (account === null) return problemFor(call, mount, 'login-failed', now);
    const wantsToken = form['token'] === true && tokensAllowed(config.token);
    // An authenticator that verified its user is two factors in one.
    return finish(context, call, account, ['pop', 'user', 'mfa'], wantsToken);
  }
  return { method: 'POST', path: '/login/passkey', asks: 'site', maxBody: 4096, answer };
}

/** Id of the account whose passkey this is; null where anything does not hold. */
export async function ownerOf(
  context: AccountsContext,
  call: EndpointCall,
  response: Unchecked,
): Promise<string | null> {
  const { directory, challenges, clock } = context;
  const origin = ownOrigin(context, call);
  const { session } = call;
  const { id } = response;
  if (origin === null || session === null || typeof id !== 'string' || id.length > 1400) return null;
  const binding = { what: 'login', session: session.id, origin } as const;
  const passkey = await directory.passkeys.byCredential(id);
  if (passkey === null) return null;
  const handle = userHandleOf(response);
  if (handle !== '' && Buffer.from(handle, 'base64url').toString() !== passkey.userId) return null;
  const expected = { isChallenge: (it: string) => challenges.isGood(it, binding), origin };
  const counter = await readLogin(response, expected, passkey);
  if (counter === null || !(await directory.passkeys.advance(passkey, counter))) return null;
  const once = await directory.reserve(`challenge:${challengeOf(response)}`, clock.wall() + CHALLENGE_MS);
  return once ? passkey.userId : null;
}
