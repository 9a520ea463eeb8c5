import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import { jsonAnswer, problemFor, readForm, textOf } from './answers.ts';
import { audit } from './audit.ts';
import { tryAppCode } from './code.ts';
import type { AccountsContext } from './context.ts';
import { endOthers } from './finish.ts';
import { forOwner, hasRecentLogin } from './owner.ts';
import { qrRows } from './qr.ts';
import { said, showCode, showPassword } from './shown.ts';

/**
 * By who is logged in, `POST {mount}/second-factor`:
 *
 * - `{ "password" }` begins: `{ "uri", "backupCodes", "qr" }`. Nothing has changed yet.
 * - `{ "code" }` of the app confirms: the factor counts from then on, and every other login and token ends.
 * - `{ "password", "code", "backupCodes": true }` answers new backup codes in place of the old.
 * - `{ "password", "code", "remove": true }` takes it away, and ends every other login and token.
 *
 * An account without a password needs a login of the last five minutes in its place, else `step-up`. `code` may be a backup
 * code, but where the app has to be shown to work. 422 `{ "error": "second-factor" }` where it is on, or off, already.
 */
export function createSecondFactorSetup(context: AccountsContext): Endpoint {
  const { clock, policy } = context;

  async function act(call: EndpointCall, account: Account): Promise<Answer> {
    const form = readForm(call.body);
    if (form === null) return problemFor(call, policy().mount, 'schema', clock.wall());
    const code = textOf(form, 'code', 64);
    const password = textOf(form, 'password', 256);
    const remove = form['remove'] === true;
    const change = remove || form['backupCodes'] === true;
    if (change !== account.secondFactor) return jsonAnswer(422, { error: 'second-factor' });
    if (!change) return code === '' ? begin(context, call, account, password) : confirm(context, call, account, code);
    return remove ? end(context, call, account, { password, code }) : renew(context, call, account, { password, code });
  }

  return forOwner(context, { method: 'POST', path: '/second-factor', maxBody: 4096, recent: false, act });
}

/** What was typed. */
interface Typed {
  readonly password: string;
  readonly code: string;
}

/** The password by `check`, or where there is none a recent login; null where that is right. */
async function passwordOrRecent(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  check: () => Promise<boolean>,
): Promise<Answer | null> {
  const { directory, clock, policy } = context;
  if (await directory.hasPassword(account.id)) return showPassword(context, call, account, check);
  const now = clock.wall();
  if (!hasRecentLogin(call, now)) return problemFor(call, policy().mount, 'step-up', now);
  return (await check()) ? null : problemFor(call, policy().mount, 'login-failed', now);
}

/** Both factors, as a login asks for them; null where they are right. */
async function showBoth(context: AccountsContext, call: EndpointCall, account: Account, { password, code }: Typed) {
  const check = async (): Promise<boolean> =>
    !(await context.directory.hasPassword(account.id)) || context.directory.checkPassword(account, password);
  return (await passwordOrRecent(context, call, account, check)) ?? (await showCode(context, call, account, code));
}

async function begin(context: AccountsContext, call: EndpointCall, account: Account, password: string) {
  let begun: Begun | null = null;
  const check = async (): Promise<boolean> => {
    begun = await context.directory.secondFactor.begin(account.id, password);
    return begun !== null;
  };
  const refused = await passwordOrRecent(context, call, account, check);
  return refused ?? jsonAnswer(200, await withQr(begun));
}

type Begun = NonNullable<Awaited<ReturnType<AccountsContext['directory']['secondFactor']['begin']>>>;

const withQr = async (begun: Begun | null): Promise<object> =>
  begun === null ? {} : { ...begun, qr: await qrRows(begun.uri) };

async function confirm(context: AccountsContext, call: EndpointCall, account: Account, code: string): Promise<Answer> {
  const refused = said(context, call, await tryAppCode(context, call, account, code));
  if (refused !== null) return refused;
  await audit(context, account, 'login.factor.add');
  // Whoever logged in without it elsewhere has to come again.
  return endOthers(context, call, account, ['pwd', 'otp', 'mfa']);
}

async function renew(context: AccountsContext, call: EndpointCall, account: Account, typed: Typed): Promise<Answer> {
  const refused = await showBoth(context, call, account, typed);
  if (refused !== null) return refused;
  let backupCodes: readonly string[] | null = null;
  // The library looks at the password itself: in its turn, as every other.
  const check = async (): Promise<boolean> => {
    backupCodes = await context.directory.secondFactor.renewBackups(account.id, typed.password);
    return backupCodes !== null;
  };
  const failed = await passwordOrRecent(context, call, account, check);
  if (failed !== null) return failed;
  await audit(context, account, 'login.factor.codes');
  return jsonAnswer(200, { backupCodes });
}

async function end(context: AccountsContext, call: EndpointCall, account: Account, typed: Typed): Promise<Answer> {
  const refused = await showBoth(context, call, account, typed);
  if (refused !== null) return refused;
  await context.directory.secondFactor.end(account.id);
  await audit(context, account, 'login.factor.remove');
  return endOthers(context, call, account, ['pwd']);
}
