import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { type Account, MAX_PASSWORD } from './account.ts';
import { jsonAnswer, problemFor, readForm, textOf } from './answers.ts';
import { attempt, type Outcome } from './attempt.ts';
import type { AccountsContext } from './context.ts';
import { finish } from './finish.ts';
import { present } from './present.ts';

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

/**
 * By who is logged in: `POST {mount}/second-factor` `{ "password" }` begins and answers `{ "uri", "backupCodes" }`; with `{ "code" }` it is
 * confirmed and counts from then on; `{ "password", "remove": true }` takes it away.
 */
export function createSecondFactorSetup(context: AccountsContext): Endpoint {
  const { directory, clock, policy, desk, tokens } = context;

  async function answer(call: EndpointCall): Promise<Answer> {
    const now = clock.wall();
    const { mount } = policy();
    const account = await present(context, call);
    if (account === null) return problemFor(call, mount, 'login-required', now);
    const form = readForm(call.body);
    if (form === null) return problemFor(call, mount, 'schema', now);
    const said = (outcome: Outcome): Answer | null => {
      if (outcome.kind === 'wait') return problemFor(call, mount, 'limit', now, outcome.seconds);
      return outcome.kind === 'failed' ? problemFor(call, mount, 'login-failed', now) : null;
    };
    const code = textOf(form, 'code', 64);
    if (code !== '') {
      const refused = said(await tryCode(context, call, account, code));
      if (refused !== null) return refused;
      // Whoever logged in without it elsewhere has to come again.
      await tokens.endAll(account.id);
      await desk.end({ source: 'accounts', subject: account.id });
      return finish(context, call, account, ['pwd', 'otp', 'mfa'], false);
    }
    const password = textOf(form, 'password', MAX_PASSWORD);
    let begun: Awaited<ReturnType<typeof directory.secondFactor.begin>> = null;
    const remove = form['remove'] === true;
    if (remove !== account.secondFactor) return jsonAnswer(422, { error: 'second-factor' });
    const check = async (): Promise<boolean> => {
      if (remove) return directory.secondFactor.end(account.id, password);
      begun = await directory.secondFactor.begin(account.id, password);
      return begun !== null;
    };
    const refused = said(await attempt(context, call, { what: 'password', account, name: account.name, check }));
    return refused ?? jsonAnswer(200, begun ?? { removed: true });
  }

  return { method: 'POST', path: '/second-factor', asks: 'proof', maxBody: 4096, answer };
}

/** A code is good for three half minutes. */
const CODE_MS = 120_000;

function tryCode(context: AccountsContext, call: EndpointCall, account: Account, typed: string): Promise<Outcome> {
  const { directory, clock } = context;
  const code = typed.replace(/\s/g, '');
  const check = async (): Promise<boolean> => {
    if (!/^\d{6}$/.test(code)) return code !== '' && directory.secondFactor.useBackup(account.id, code);
    if (!(await directory.secondFactor.check(account.id, code))) return false;
    // Once only (RFC 6238 §5.2).
    return directory.reserve(`code:${account.id}:${code}`, clock.wall() + CODE_MS);
  };
  return attempt(context, call, { what: 'code', account, name: account.name, check });
}
