import { type AnswerKind, kindOf } from './answer.ts';
import { wentThrough } from './attempts.ts';
import type { Lab } from './lab.ts';
import { NotRun } from './not-run.ts';
import { whoKind } from './people.ts';
import type { Tally } from './tally.ts';
import type { WireClient } from './wire-client.ts';
import type { Call } from './wire-proof.ts';

/** A call that shows a token where the app's own calls show theirs. */
export function withToken(lab: Lab, token: string): Call {
  if (lab.tokenHeader === 'authorization') return { method: lab.method, authorization: `Bearer ${token}` };
  return { method: lab.method, fields: [lab.tokenHeader, token] };
}

/** The same as a flat list of fields. */
export function tokenFields(lab: Lab, token: string): readonly string[] {
  const { authorization = '', fields = [] } = withToken(lab, token);
  return authorization === '' ? fields : ['Authorization', authorization];
}

export const NO_TOKEN = 'no token of the app was given (SALLYPORT_TOKEN)';

export interface TokenOwner {
  readonly client: WireClient;
  /** What the call with the token came to: the backend's answer, or that it belongs to another session already. */
  readonly shown: AnswerKind;
  /**
   * What a call with a token came to. Where the address under attack answers without one, the gate itself is asked whom it
   * makes of whoever shows it: to be somebody counts as getting in.
   */
  show(client: WireClient, token: string): Promise<AnswerKind>;
}

/**
 * A client with an open door that shows the token that was given. Throws NotRun where nothing can be learned: there is
 * none, or it is not taken. Null where the doors did not open.
 */
export async function tokenOwner(lab: Lab, tally: Tally): Promise<TokenOwner | null> {
  if (lab.token === '') throw new NotRun(NO_TOKEN);
  const { client, opening } = await lab.tokenClient();
  if (!wentThrough(opening, tally)) return null;
  const without = kindOf(await client.call({ method: lab.method }));
  const open = without.by === 'backend';
  const show: TokenOwner['show'] = async (who, token) => {
    const call = withToken(lab, token);
    return open ? whoKind(await who.call({ ...call, method: 'GET', under: '/user' })) : kindOf(await who.call(call));
  };
  const shown = await show(client, lab.token);
  if (shown.by === 'backend') tally.honest();
  else if (shown.by === 'nobody') throw new NotRun(shown.why);
  else if (shown.code !== 'session-mismatch')
    throw new NotRun(`the token that was given is not taken (code ${shown.code})`);
  if (open) tally.note('this address answers without a token: the gate itself was asked whom it sees');
  return { client, shown, show };
}
