import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { type Account, toLoginName } from './account.ts';
import { jsonAnswer, ownOrigin, problemFor, readForm, textOf } from './answers.ts';
import { forgetFailures } from './attempt.ts';
import { audit } from './audit.ts';
import type { AccountsContext } from './context.ts';
import { isGoodPassword } from './password-rules.ts';
import { send } from './verify.ts';
import { Busy } from './work.ts';

/** Seconds that a link is good for. */
const RESET_SECONDS = 3600;

/**
 * `POST {mount}/password/reset` `{ "name" }` sends a link, and always answers the same; with `{ "token", "password" }` it sets a new
 * password: every login ends, waits and guards are lifted, and this browser is one that the account knows. It logs
 * nobody in: where a second factor is asked for, it still is.
 */
export function createReset(context: AccountsContext): Endpoint {
  const { directory, clock, policy, config, limits } = context;

  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    const busy = limits.requests.take(call.decision.prefix);
    if (busy > 0) return problemFor(call, mount, 'limit', now, busy);
    const token = textOf(form, 'token', 64);
    if (token !== '') return setPassword(context, call, token, textOf(form, 'password', 1024));
    if (config.sendReset === undefined) return jsonAnswer(422, { error: 'not-configured' });
    const wait = limits.mailPerPrefix.take(call.decision.prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    const name = toLoginName(textOf(form, 'name', 254));
    const account = name === '' ? null : await directory.find(name);
    if (account !== null) sendLink(context, call, account);
    return jsonAnswer(200, { sent: true });
  }

  return { method: 'POST', path: '/password/reset', asks: 'site', maxBody: 4096, answer };
}

/** In the background from the first write on: what a link takes would tell who has an account. */
function sendLink(context: AccountsContext, call: EndpointCall, account: Account): void {
  const { config, limits } = context;
  // An address that nobody confirmed may be a slip, and somebody else's.
  if (account.email === '' || (config.email === 'verified' && !account.emailVerified)) return;
  const origin = ownOrigin(context, call);
  if (origin === null || limits.mailPerAccount.take(account.id) > 0) return;
  send(context, account, 'reset', async () => {
    const url = await setLink(context, origin, account, RESET_SECONDS);
    await config.sendReset?.({ to: account.email, name: account.name, url });
  });
}

/** The token stands behind `#`: no server and no log sees it. */
export async function setLink(
  { directory, policy }: AccountsContext,
  origin: string,
  account: Account,
  seconds: number,
): Promise<string> {
  return `${origin}${policy().mount}/login#reset=${await directory.createReset(account.id, seconds)}`;
}

async function setPassword(
  context: AccountsContext,
  call: EndpointCall,
  token: string,
  password: string,
): Promise<Answer> {
  const { directory, clock, policy, config, work, desk, tokens, devices } = context;
  const now = clock.wall();
  const { mount } = policy();
  if (!isGoodPassword(password, '', config.passwordLength)) return jsonAnswer(422, { error: 'password' });
  try {
    const account = await work.run(call.decision.prefix, false, () => directory.reset(token, password));
    if (account === null) return problemFor(call, mount, 'login-failed', now);
    await tokens.endAll(account.id);
    await desk.end({ source: 'accounts', subject: account.id });
    await forgetFailures(context, account);
    await audit(context, account, 'login.password.reset');
    return jsonAnswer(200, { next: 'login' }, [devices.remember(call, account.id)]);
  } catch (error) {
    if (error instanceof Busy) return problemFor(call, mount, 'limit', now, error.retryAfter);
    throw error;
  }
}
