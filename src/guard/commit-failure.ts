import { isChallengeStep } from './challenge.ts';
import { type Refusal, refusal } from './decision.ts';
import type { Context } from './layer.ts';
import type { Claims, CommitCode } from './state.ts';

/** What a commit can fail by, and what becomes of `stale` after a login. */
export type CommitFailure = Exclude<CommitCode, ''> | 'budget' | 'unsure' | 'faulty' | 'login-changed';

/**
 * What a failed commit means: whose claim it was, and the refusal. Puts what varies into the context: evidence for the
 * record, and where the layer is enforced what the client is told.
 */
export function explain(
  code: CommitFailure,
  claims: Claims,
  context: Context,
  enforced: boolean,
): { readonly layer: string; readonly refused: Refusal } {
  const refused = COMMIT_REFUSALS[code];
  // Without the redirect grant that it hoped for, a signature that did not hold is just that.
  if (claims.redirectTarget !== '' && code !== 'unsure' && code !== 'faulty')
    return { layer: 'proof', refused: NOT_REDIRECTED };
  if (code === 'limit' && claims.used.refusedBy !== null) {
    explainLimit(claims, context, enforced);
    return { layer: 'limit', refused };
  }
  if (code === 'order' && isChallengeStep(claims.used.missing)) {
    context.evidence = context.ask?.reasons ?? '';
    return { layer: 'challenge', refused: NOT_PASSED };
  }
  if (code === 'not-served') context.evidence = claims.served.map(({ rule }) => rule.name).join('; ');
  else if (code === 'order') explainOrder(claims, context, enforced);
  else if (code === 'budget') explainBudget(claims, context, enforced);
  else if (claims.key !== '' && (code === 'replayed' || code === 'limit')) {
    explainKey(code, claims, context);
    return { layer: 'key', refused };
  }
  return { layer: CLAIMANTS[code] ?? 'replay', refused };
}

/** What is left, for clients that pace themselves (draft-ietf-httpapi-ratelimit-headers-10 §4). */
export function tellLimit(context: Context, name: string, left: number, seconds: number): void {
  context.responseFields = [...context.responseFields, 'ratelimit', `"${name}";r=${left};t=${seconds}`];
}

/** Which rule it was, is for the record; the client is told when to come again. */
function explainLimit({ used }: Claims, context: Context, enforced: boolean): void {
  context.evidence = used.refusedBy?.name ?? '';
  if (!enforced) return;
  context.retryAfter = used.retryAfter;
  tellLimit(context, used.refusedBy?.scope ?? '', 0, used.retryAfter);
}

/** Which budget, and whose part of it, is for the record: nobody learns how much there is. */
function explainBudget({ used }: Claims, context: Context, enforced: boolean): void {
  context.evidence = used.short?.name ?? '';
  if (enforced) context.retryAfter = used.retryAfter;
}

function explainOrder({ used }: Claims, context: Context, enforced: boolean): void {
  context.evidence = used.missing === '' ? 'too early, or too often' : `missing: ${used.missing}`;
  if (!enforced) return;
  context.retryAfter = used.retryAfter;
  context.missing = used.missing;
}

/** A quota begins anew with its next span; room for nonces comes with the seconds. */
function explainKey(code: 'replayed' | 'limit', { now, key, quotaPer }: Claims, context: Context): void {
  context.evidence = `key ${key}`;
  if (code === 'limit') context.retryAfter = quotaPer === 0 ? 1 : Math.ceil((quotaPer - (now % quotaPer)) / 1000);
}

const NOT_REDIRECTED = refusal('signature', 'a signature by the ticket’s key over this very request');

const NOT_PASSED: Refusal = Object.freeze({
  ...refusal('challenge', 'a session that has passed a challenge lately'),
  kind: 'challenge',
});

/** Whose claim failed: where it is not said here, the counter's. */
const CLAIMANTS: Readonly<Partial<Record<CommitFailure, string>>> = {
  'entry-required': 'session',
  'not-served': 'served',
  order: 'order',
  budget: 'budget',
  unsure: 'state',
  faulty: 'state',
};

const COMMIT_REFUSALS: Readonly<Record<CommitFailure, Refusal>> = Object.freeze({
  'login-changed': refusal('login-changed', 'a page that was loaded since somebody logged in or out'),
  stale: refusal('stale', 'an entry into this state: after restart or eviction the page enters again by itself'),
  replayed: refusal('replayed', 'a counter that this ticket has not used yet'),
  'stale-nonce': refusal('stale-nonce', 'a counter within the window'),
  'entry-required': refusal('entry-required', 'a page of this session and of the route’s client that entered recently'),
  banned: refusal('banned', 'a session that has not been ended'),
  limit: refusal('limit', 'fewer requests'),
  'not-served': refusal('not-served', 'an id that an answer, or the page’s address, gave to this session'),
  order: refusal('order', 'the steps that belong before it, in their time, and no more calls than may follow them'),
  budget: refusal('budget', 'money that is left'),
  unsure: refusal('unsure', 'state that can be reached'),
  faulty: refusal('unsure', 'nothing: state failed to finish; the log names it'),
});
