import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import { jsonAnswer, objectOf, ownOrigin, problemFor, readForm, textOf } from './answers.ts';
import { CHALLENGE_MS } from './challenge.ts';
import { audit } from './audit.ts';
import type { AccountsContext } from './context.ts';
import { forOwner } from './owner.ts';
import { challengeOf, readRegistration, registerOptions } from './webauthn.ts';

/** Passkeys of one account. */
const MOST = 20;

/**
 * Of who is logged in: `GET {mount}/passkeys` lists them, `POST {mount}/passkeys/options` begins a new one, `POST {mount}/passkeys`
 * `{ "response", "label" }` keeps it, `POST {mount}/passkeys/remove` `{ "credential" }` takes one away.
 */
export function createPasskeys(context: AccountsContext): Endpoint[] {
  const of = (method: 'GET' | 'POST', path: string, maxBody: number, act: Act): Endpoint =>
    forOwner(context, {
      ...{ method, path, maxBody, recent: method === 'POST' },
      act: (call, account) => act(context, call, account),
    });
  return [
    of('GET', '/passkeys', 0, list),
    of('POST', '/passkeys/options', 256, begin),
    of('POST', '/passkeys', 4096, keep),
    of('POST', '/passkeys/remove', 4096, remove),
  ];
}

type Act = (context: AccountsContext, call: EndpointCall, account: Account) => Promise<Answer>;

async function list({ directory }: AccountsContext, _call: EndpointCall, { id }: Account): Promise<Answer> {
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
  const label = toLabel(textOf(form, 'label', 64));
  await directory.passkeys.add({ ...made, userId: account.id, label, created: now });
  await audit(context, account, 'login.passkey.add', { label });
  return jsonAnswer(200, { credential: made.credential, label });
}

/** Names are shown to people: nothing in them turns a line around or hides. */
const toLabel = (text: string): string => text.replace(/\p{C}/gu, '').trim() || 'passkey';

async function remove(context: AccountsContext, call: EndpointCall, account: Account): Promise<Answer> {
  const { directory, clock, policy } = context;
  const form = readForm(call.body);
  if (form === null) return problemFor(call, policy().mount, 'schema', clock.wall());
  const credential = textOf(form, 'credential', 1400);
  const hasPassword = await directory.hasPassword(account.id);
  const removed = hasPassword
    ? await directory.passkeys.remove(account.id, credential)
    : await removeButLast(context, account, credential);
  if (removed === 'last') return jsonAnswer(422, { error: 'last-passkey' });
  if (removed === 'busy') return problemFor(call, policy().mount, 'limit', clock.wall(), 1);
  if (removed) await audit(context, account, 'login.passkey.remove');
  return jsonAnswer(200, { removed });
}

const LOCK_MS = 10_000;

/** Without a password the last passkey is the only way in. One removal at a time: of two at once, one would be the last. */
async function removeButLast(
  { directory, clock }: AccountsContext,
  { id }: Account,
  credential: string,
): Promise<boolean | 'last' | 'busy'> {
  const lock = `passkeys:${id}`;
  if (!(await directory.reserve(lock, clock.wall() + LOCK_MS))) return 'busy';
  try {
    const left = await directory.passkeys.ofUser(id);
    return left.length < 2 && left.some((one) => one.credential === credential)
      ? 'last'
      : await directory.passkeys.remove(id, credential);
  } finally {
    await directory.release(lock);
  }
}
