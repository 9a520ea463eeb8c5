import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { problemFor, readForm, textOf } from './answers.ts';
import { tryCode } from './code.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';

/** `POST {mount}/login/second-factor` `{ "code" }`: a code of the app, or one of the backup codes, once each. */
export function createSecondFactorLogIn(context: AccountsContext): Endpoint {
  const { directory, clock, policy, pending, limits, devices } = context;

  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const wait = limits.requests.take(devices.browser(call) || call.decision.prefix);
    if (wait > 0) return problemFor(call, mount, 'limit', now, wait);
    const waiting = pending.read(call);
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    const account = waiting === null ? null : await directory.byId(waiting.account);
    if (waiting === null || account === null) return problemFor(call, mount, 'login-required', now);
    const outcome = await tryCode(context, call, account, textOf(form, 'code', 64));
    if (outcome.kind === 'wait') return problemFor(call, mount, 'limit', now, outcome.seconds);
    // The cookie that carried the password's part is good once.
    const isFirst = outcome.kind === 'passed' && (await directory.reserve(`factor:${waiting.id}`, waiting.expires));
    if (!isFirst) return problemFor(call, mount, 'login-failed', now);
    const done = await finish(context, call, account, ['pwd', 'otp', 'mfa'], waiting.wantsToken);
    return { ...done, fields: [...done.fields, 'set-cookie', pending.clear] };
  }

  return { method: 'POST', path: '/login/second-factor', asks: 'site', maxBody: 1024, answer };
}
