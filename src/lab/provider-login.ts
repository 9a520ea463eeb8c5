import type { AnswerKind } from './answer.ts';
import { BACKEND, kindOf } from './answer.ts';
import { wentThrough } from './attempts.ts';
import { field, type RawAnswer } from './http.ts';
import type { Lab } from './lab.ts';
import { NotRun } from './not-run.ts';
import type { Tally } from './tally.ts';
import type { WireClient } from './wire-client.ts';

/** Two people at the OpenID provider that the gate trusts: without them, attacks on its logins cannot be tried. */
export interface ProviderLogin {
  /** Name of the provider in the gate's configuration. */
  readonly provider: string;
  /** Name of a second one, for the mix-up. Default: none, and the mix-up is not run. */
  readonly second?: string;
  /**
   * Logs in at a provider as this person, in a browser of their own: from the address to which the gate sent them to
   * the address of the gate to which the provider sends them back.
   */
  walk(address: string, who: Person): Promise<string>;
}

export type Person = 'attacker' | 'victim';

/** The login that the caller gave. Throws NotRun without one. */
export function providerLogin({ providerLogin: given }: Lab): ProviderLogin {
  if (given === null) throw new NotRun('no people at an OpenID provider were given (sallyport.lab.ts)');
  return given;
}

/** A browser that has walked the doors; null where they stay closed, which is in the tally then. */
export async function browserOf(lab: Lab, tally: Tally): Promise<WireClient | null> {
  const client = lab.wireClient();
  const stop = tally.meter.start();
  const opening = await client.open();
  tally.setup(stop());
  return wentThrough(opening, tally) ? client : null;
}

/** Begins a login in this browser; answers the address at the provider. */
export async function begin(client: WireClient, provider: string): Promise<string> {
  const answer = await client.visit(`/login/${provider}?return=/`);
  const location = field(answer.fields, 'location');
  if (answer.status !== 303 || location === '') throw new NotRun(`no login begins at provider ${provider}`);
  return location;
}

/** Opens a callback in this browser; `callback` is an address of the gate. */
export function arrive(client: WireClient, callback: string): Promise<RawAnswer> {
  const { pathname, search } = new URL(callback);
  const at = pathname.indexOf('/callback/');
  return client.visit(`${at < 0 ? pathname : pathname.slice(at)}${search}`);
}

/** Who a callback was for: the gate refused it, or it gave a grant by which the next entry is logged in. */
export function grantOf(answer: RawAnswer): AnswerKind {
  return givesGrant(answer) ? BACKEND : refusalOf(answer);
}

function refusalOf(answer: RawAnswer): AnswerKind {
  const kind = kindOf(answer);
  return kind.by === 'backend' ? { by: 'nobody', why: `status ${answer.status} without a grant` } : kind;
}

function givesGrant({ fields }: RawAnswer): boolean {
  return fields.some(
    (value, index) =>
      index % 2 === 1 &&
      fields[index - 1]?.toLowerCase() === 'set-cookie' &&
      value.startsWith('__Host-sallyport-login=') &&
      !/max-age=0(?:;|$)/i.test(value),
  );
}

/** An honest login, start to end: where it fails, a refusal of the attack would mean nothing. */
export async function honestLogin(lab: Lab, tally: Tally, { provider, walk }: ProviderLogin): Promise<void> {
  const client = await browserOf(lab, tally);
  if (client === null) throw new NotRun('the doors stay closed');
  const answer = await arrive(client, await walk(await begin(client, provider), 'victim'));
  if (!givesGrant(answer)) throw new NotRun(`an honest login did not come about (status ${answer.status})`);
}
