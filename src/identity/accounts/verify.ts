import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import { jsonAnswer, ownOrigin, problemFor, readForm, textOf } from './answers.ts';
import { audit } from './audit.ts';
import type { AccountsContext } from './context.ts';

/**
 * `POST {mount}/verify` `{ "token" }`: the address that a mail went to is the account's, or becomes it where its owner
 * asked for that (./email.ts). The link in the mail leads to the
 * login page and carries the token behind `#`, which no server and no log sees; a GET changes nothing (R34).
 */
export function createVerify(context: AccountsContext): Endpoint {
  const { directory, clock, policy, limits } = context;
  async function answer(call: EndpointCall): Promise<Answer> {
    const wait = limits.requests.take(call.decision.prefix);
    if (wait > 0) return problemFor(call, policy().mount, 'limit', clock.wall(), wait);
    const form = readForm(call.body);
    const token = form === null ? '' : textOf(form, 'token', 64);
    const verified = token === '' ? null : await directory.verify(token);
    if (verified === null) return problemFor(call, policy().mount, 'login-failed', clock.wall());
    if (verified.changed) await audit(context, verified.account, 'login.email.change');
    return jsonAnswer(200, { verified: true });
  }
  return { method: 'POST', path: '/verify', asks: 'site', maxBody: 1024, answer };
}

/** Sends the link, seldom, in the background. What the hook throws stays inside. */
export function sendVerification(context: AccountsContext, call: EndpointCall, account: Account): void {
  const { config, directory, limits, policy } = context;
  if (config.sendVerification === undefined || account.email === '' || account.emailVerified) return;
  const origin = ownOrigin(context, call);
  if (origin === null || limits.mailPerAccount.take(account.id) > 0) return;
  send(context, account, 'verification', async () => {
    const token = await directory.createVerification(account);
    const url = `${origin}${policy().mount}/login#verify=${token}`;
    await config.sendVerification?.({ to: account.email, name: account.name, url });
  });
}

/** Nobody waits for it: how long a mail server takes would tell who has an account. */
export function send(
  { records, clock }: AccountsContext,
  account: Account,
  kind: string,
  mail: () => Promise<void>,
): void {
  const failed = (): void => {
    const target = `accounts:${account.id}`;
    const event = { time: clock.wall(), actor: target, action: `login.mail.${kind}`, target, details: {} };
    records.audit.append({ ...event, outcome: 'failed' }).catch(() => {});
  };
  mail().catch(failed);
}
