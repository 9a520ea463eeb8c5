import { type AnswerKind, kindOf } from './answer.ts';
import { wentThrough } from './attempts.ts';
import type { Lab } from './lab.ts';
import { NotRun } from './not-run.ts';
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

export interface TokenOwner {
  readonly client: WireClient;
  /** What the call with the token came to: the backend's answer, or that it belongs to another session already. */
  readonly shown: AnswerKind;
}

/**
 * A client with an open door that shows the token that was given. Throws NotRun where nothing can be learned: there is
 * none, it is not taken, or the address answers without one. Null where the doors did not open.
 */
export async function tokenOwner(lab: Lab, tally: Tally): Promise<TokenOwner | null> {
  if (lab.token === '') throw new NotRun('no token of the app was given: put one into SALLYPORT_TOKEN');
  const { client, opening } = await lab.tokenClient();
  if (!wentThrough(opening, tally)) return null;
  const without = kindOf(await client.call({ method: lab.method }));
  if (without.by === 'backend') {
    tally.honest();
    throw new NotRun('this address answers without a token');
  }
  const shown = kindOf(await client.call(withToken(lab, lab.token)));
  if (shown.by === 'backend') tally.honest();
  else if (shown.by === 'nobody') throw new NotRun(shown.why);
  else if (shown.code !== 'session-mismatch')
    throw new NotRun(`the token that was given is not taken (code ${shown.code})`);
  return { client, shown };
}
