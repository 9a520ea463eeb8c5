import { randomBytes } from 'node:crypto';
import { type AnswerKind, BACKEND, kindOf, parseJson } from './answer.ts';
import type { RawAnswer } from './http.ts';
import type { Lab } from './lab.ts';
import { MINTS_SPENT, NotRun } from './not-run.ts';
import type { WireClient } from './wire-client.ts';

/** A name and its password at the gate's own accounts. */
export interface Account {
  readonly name: string;
  readonly password: string;
}

/** Somebody who is logged in, in a browser of their own. */
export interface LabPerson extends Account {
  readonly client: WireClient;
}

/** Two people with accounts of the gate's own. */
export interface People {
  readonly owner: LabPerson;
  readonly other: LabPerson;
}

export interface PeopleParts {
  wireClient(): WireClient;
  /** Accounts that the caller gave: none, or two. */
  readonly given: readonly Account[];
  /** Told of each account that the lab makes. */
  onMade(name: string): void;
}

/** Why nobody tries passwords. */
export const NO_PASSWORDS = 'the gate keeps no accounts of its own';
const CLOSED =
  'accounts are closed here: name two people in SALLYPORT_LAB_PERSON and SALLYPORT_LAB_OTHER, as name:password';

/**
 * Two people who are logged in at the gate's own accounts: those that the caller gave, or throw-away ones where anybody may
 * sign up. Throws NotRun where the gate keeps no accounts, or these cannot log in.
 */
export async function findPeople(parts: PeopleParts): Promise<People> {
  const [owner, other] = parts.given;
  return { owner: await person(parts, owner), other: await person(parts, other) };
}

/** The people of the gate's own accounts. Where there are none, null beside a provider, else throws NotRun. */
export async function peopleOf({
  people,
  providerLogin,
}: Pick<Lab, 'people' | 'providerLogin'>): Promise<People | null> {
  try {
    return await people();
  } catch (error) {
    if (providerLogin !== null && error instanceof NotRun) return null;
    throw error;
  }
}

async function person(parts: PeopleParts, given: Account | undefined): Promise<LabPerson> {
  const client = parts.wireClient();
  await openDoors(client);
  if (!(await hasPasswords(client))) throw new NotRun(NO_PASSWORDS);
  const account = given ?? { name: `lab-${randomBytes(6).toString('hex')}`, password: randomPassword() };
  const answer = await client.ask(given === undefined ? '/signup' : '/login', account);
  const kind = kindOf(answer);
  if (kind.by === 'gate') {
    throw new NotRun(
      given === undefined && kind.code === 'forbidden' ? CLOSED : `a person could not log in (${kind.code})`,
    );
  }
  if (given === undefined && answer.status === 200) parts.onMade(account.name);
  if (!hasUser(answer)) throw new NotRun(`a person could not log in by password alone (status ${answer.status})`);
  await openDoors(client);
  if (!(await isSomebody(client))) throw new NotRun('a login did not come about');
  return { ...account, client };
}

/** Throws NotRun where the doors stay closed. */
export async function openDoors(client: WireClient): Promise<void> {
  const opening = await client.open();
  if (opening.opened) return;
  const spent = opening.kind.by === 'gate' && opening.kind.code === 'limit';
  throw new NotRun(spent ? MINTS_SPENT : opening.why);
}

/** Whether the gate has a login page with passwords of its own. */
export async function hasPasswords(client: WireClient): Promise<boolean> {
  const page = await client.visit('/login');
  return page.status === 200 && Buffer.from(page.body).includes('data-mount=');
}

/** Logs in by password in this client's browser, up to the entry that takes the login up. Throws NotRun. */
export async function logIn(client: WireClient, { name, password }: Account): Promise<void> {
  const kind = kindOf(await client.ask('/login', { name, password }));
  if (kind.by === 'gate') throw new NotRun(`an honest login was refused with code ${kind.code}`);
  await openDoors(client);
  if (!(await isSomebody(client))) throw new NotRun('an honest login did not come about');
}

const isSomebody = async (client: WireClient): Promise<boolean> => hasUser(await askWho(client));

/** Asks the gate who calls; `fields` go with it. */
export function askWho(client: WireClient, fields: readonly string[] = []): Promise<RawAnswer> {
  return client.call({ method: 'GET', under: '/user', fields });
}

/** To be known as somebody counts as getting in, to be known as nobody as refused. */
export function whoKind(answer: RawAnswer): AnswerKind {
  const kind = kindOf(answer);
  if (kind.by !== 'backend') return kind;
  return hasUser(answer) ? BACKEND : { by: 'gate', code: 'login-required' };
}

/** Whether an answer of the gate names somebody. */
export function hasUser(answer: RawAnswer): boolean {
  const body = answer.status === 200 ? parseJson(answer.body) : null;
  return typeof body === 'object' && body !== null && 'user' in body && body.user !== null && body.user !== undefined;
}

export const randomPassword = (): string => randomBytes(12).toString('base64url');
