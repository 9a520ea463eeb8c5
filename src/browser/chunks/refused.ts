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
};

/** A refusal as one way of calling or another has received it. */
export interface Refused {
  readonly text: string;
  readonly header: (name: string) => string | null;
  readonly method: string;
  /** What the call was signed with; undefined where it went without a proof, null where the proof was another's. */
  readonly used: Entry | null | undefined;
  /** Whether the call can be sent once more: its body was kept, and it has been sent only once. */
  readonly repeatable: boolean;
}

/** The entry to sign the same call with once more; undefined after the page was told that the refusal stands. */
export async function mend(context: Context, refused: Refused): Promise<Entry | undefined> {
  const problem = parseProblem(refused.text);
  if (problem?.id !== refused.header(HEADER_DECISION) || !problem) return undefined;
  const entry = refused.repeatable ? await entryAfter(context, problem, refused) : undefined;
  const detail = new SallyportError(problem, refused.header('retry-after'));
  if (!entry) self.dispatchEvent(new CustomEvent(REFUSAL_EVENT, { detail }));
  return entry;
}

async function entryAfter(
  { door }: Context,
  { code }: Problem,
  { used, method, header }: Refused,
): Promise<Entry | undefined> {
  // A signed call that was refused as unsigned met a preload of the browser's: its ticket is good.
  const kind = used && code === 'entry-required' ? 'sign' : REMEDIES[code];
  if (kind === 'clock') door.learn(header('date'));
  if (kind === 'enter') return used === null ? door.ready() : door.again(used);
  // A replay is resent only where sending twice means once (RFC 9110 §9.2.2).
  return kind && (kind !== 'sign-idempotent' || /^(?:GET|HEAD|PUT|DELETE)$/.test(method)) ? door.ready() : undefined;
}
