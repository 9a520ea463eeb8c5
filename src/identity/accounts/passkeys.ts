import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import { jsonAnswer, objectOf, ownOrigin, problemFor, readForm, textOf } from './answers.ts';
import { CHALLENGE_MS } from './challenge.ts';
import type { AccountsContext } from './context.ts';
import { present } from './present.ts';
import { challengeOf, readRegistration, registerOptions } from './webauthn.ts';

/** Seconds since a login in which a passkey may be added or removed without showing who one is again (R62). */
const RECENT_SECONDS = 15 * 60;
/** Passkeys of one account. */
const MOST = 20;

/**
 * Of who is logged in: `GET {mount}/passkeys` lists them, `POST {mount}/passkeys/options` begins a new one, `POST {mount}/passkeys`
 * `{ "response", "label" }` keeps it, `POST {mount}/passkeys/remove` `{ "credential" }` takes one away.
 */
export function createPasskeys(context: AccountsContext): Endpoint[] {
  const of = (
    method: 'GET' | 'POST',
    path: string,
    maxBody: number,
    act: (call: EndpointCall, account: Account) => Promise<Answer>,
  ): Endpoint => ({ method, path, maxBody, asks: 'proof', answer: (call) => asOwner(context, call, act) });
  return [
    of('GET', '/passkeys', 0, (_call, account) => list(context, account)),
    of('POST', '/passkeys/options', 256, (call, account) => begin(context, call, account)),
    of('POST', '/passkeys', 4096, (call, account) => keep(context, call, account)),
    of('POST', '/passkeys/remove', 4096, (call, account) => remove(context, call, account)),
  ];
}

async function asOwner(
  context: AccountsContext,
  call: EndpointCall,
  act: (call: EndpointCall, account: Account) => Promise<Answer>,
): Promise<Answer> {
  const { clock, policy } = context;
  const now = clock.wall();
  const account = await present(context, call);
  if (account === null) return problemFor(call, policy().mount, 'login-required', now);
  const since = now / 1000 - (call.session?.login?.subject.authTime ?? 0);
  const fresh = call.request.method !== 'POST' || since < RECENT_SECONDS;
  return fresh ? act(call, account) : problemFor(call, policy().mount, 'step-up', now);
}

async function list({ directory }: AccountsContext, { id }: Account): Promise<Answer> {
  const passkeys = await directory.passkeys.ofUser(id);
  return jsonAnswer(200, {
    passkeys: passkeys.map(({ credential, label, created }) => ({ credential, label, created })),
  });
}

async function begin(context: AccountsContext, call: EndpointCall, account: Account): Promise<Answer> {
  const { directory, challenges, clock, policy } = context;
  const origin = ownOrigin(context, call);
  if (origin === null || call.session === null) return problemFor(call, policy().mount, 'host', clock.wall());
  const known = await directory.passkeys.ofUser(account.id);
  if (known.length >= MOST) return jsonAnswer(422, { error: 'too-many' });
  const challenge = challenges.issue({ what: 'register', session: call.session.id, origin });
  return jsonAnswer(200, { options: await registerOptions(origin, challenge, account, known) });
}

async function keep(context: AccountsContext, call: EndpointCall, account: Account): Promise<Answer> {
  const { directory, challenges, clock, policy } = context;
  const now = clock.wall();
  const { mount } = policy();
  const form = readForm(call.body);
  const response = form === null ? null : objectOf(form, 'response');
  const origin = ownOrigin(context, call);
  if (form === null || response === null || origin === null || call.session === null) {
    return problemFor(call, mount, 'schema', now);
  }
  const binding = { what: 'register', session: call.session.id, origin } as const;
  const made = await readRegistration(response, { isChallenge: (it) => challenges.isGood(it, binding), origin });
  if (made === null) return problemFor(call, mount, 'login-failed', now);
  if (!(await directory.reserve(`challenge:${challengeOf(response)}`, now + CHALLENGE_MS))) {
    return problemFor(call, mount, 'login-failed', now);
  }
  if ((await directory.passkeys.byCredential(made.credential)) !== null) return jsonAnswer(422, { error: 'taken' });
  const label = textOf(form, 'label', 64).trim() || 'passkey';
  await directory.passkeys.add({ ...made, userId: account.id, label, created: now });
  await audit(context, account, 'login.passkey.add', label);
  return jsonAnswer(200, { credential: made.credential, label });
}

async function remove(context: AccountsContext, call: EndpointCall, account: Account): Promise<Answer> {
  const { directory, clock, policy } = context;
  const form = readForm(call.body);
  if (form === null) return problemFor(call, policy().mount, 'schema', clock.wall());
  const removed = await directory.passkeys.remove(account.id, textOf(form, 'credential', 1400));
  if (removed) await audit(context, account, 'login.passkey.remove', '');
  return jsonAnswer(200, { removed });
}

async function audit({ records, clock }: AccountsContext, { id }: Account, action: string, label: string) {
  const target = `accounts:${id}`;
  await records.audit.append({
    time: clock.wall(),
    actor: target,
    action,
    target,
    details: { label },
    outcome: 'done',
  });
}
