import type { Code, Remedy } from '../../wire/codes.ts';
import { HEADER_DECISION } from '../../wire/constants.ts';
import type { Context } from '../context.ts';
import type { Entry } from '../door.ts';
import { type Problem, parseProblem, REFUSAL_EVENT, SallyportError } from '../refusal.ts';

/** What happens to a refusal before the app sees it. */

/** The `remedy` column of the table in wire/codes.ts, without its sentences. A test compares them. */
export const REMEDIES: { readonly [code in Code]?: Remedy } = {
  stamp: 'enter',
  'entry-required': 'enter',
  stale: 'enter',
  'stale-nonce': 'sign',
  replayed: 'sign-idempotent',
  clock: 'clock',
  'session-mismatch': 'enter',
  'wrong-instance': 'enter',
  challenge: 'challenge',
};

/**
 * Refusals that a page may have brought upon itself are mended once; challenges, which may need another, this often in all. So is
 * what became of a call while its challenge was solved: a tab that slept meanwhile finds its ticket gone, or its clock wrong.
 */
export const MOST_TRIES = 4;

/** A refusal as one way of calling or another has received it. */
export interface Refused {
  readonly text: string;
  readonly header: (name: string) => string | null;
  readonly method: string;
  /** What the call was signed with; undefined where it went without a proof, null where the proof was another's. */
  readonly used: Entry | null | undefined;
  /** How often the call has been sent; {@link MOST_TRIES} or more for one whose body was not kept. */
  readonly tries: number;
}

/**
 * The entry to sign the same call with once more; undefined after the page was told that the refusal stands. Throws a TypeError
 * with a cause where the call is no call that failed, but one whose answer was lost.
 */
export async function mend(context: Context, refused: Refused): Promise<Entry | undefined> {
  const problem = parseProblem(refused.text);
  if (problem?.id !== refused.header(HEADER_DECISION) || !problem) return undefined;
  const most = problem.code === 'challenge' || refused.used?.fields ? MOST_TRIES : 2;
  const entry = refused.tries < most ? await entryAfter(context, problem, refused) : undefined;
  const detail = new SallyportError(problem, refused.header('retry-after'));
  // The counter was this call's own: what came before is the call itself, sent by the browser, whose connection broke then. The
  // app hears what it would hear without a gate: the network failed, and nobody says whether it was done.
  if (!entry && problem.code === 'replayed' && refused.used)
    throw new TypeError('The connection broke, and the answer was lost.', { cause: detail });
  if (!entry) self.dispatchEvent(new CustomEvent(REFUSAL_EVENT, { detail }));
  return entry;
}

/** What cannot be loaded now is asked for again where it is needed. */
const nothing = (): void => {};

async function entryAfter(
  context: Context,
  { code, challenge }: Problem,
  { used, method, header, tries }: Refused,
): Promise<Entry | undefined> {
  const { door, chunks } = context;
  if (code === 'challenge') {
    // Both parts are needed, and a worker takes its time to start: side by side.
    if (challenge?.kind === 'proof-of-work') chunks('work').then(({ start }) => start(), nothing);
    const { pass, isOwn } = await chunks('challenge');
    if (used) return pass(context, challenge, used, tries);
    // Signed by a page that may not wait any more, as what a service worker has kept: signed and solved here, if nobody has to see it.
    return used === null && challenge && isOwn(challenge) ? door.ready() : undefined;
  }
  // A signed call that was refused as unsigned met a preload of the browser's: its ticket is good.
  const kind = used && code === 'entry-required' ? 'sign' : REMEDIES[code];
  if (kind === 'clock') door.learn(header('date'));
  if (kind === 'enter') {
    if (used === null) return door.ready();
    return door.again(used?.fields ? (await chunks('challenge')).plain(used) : used);
  }
  // A replay is resent only where sending twice means once (RFC 9110 §9.2.2).
  return kind && (kind !== 'sign-idempotent' || /^(?:GET|HEAD|PUT|DELETE)$/.test(method)) ? door.ready() : undefined;
}
