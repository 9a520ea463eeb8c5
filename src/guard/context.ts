import { NO_RESERVES } from './budget.ts';
import type { Carrier } from './decision.ts';
import type { Content, Context } from './layer.ts';
import type { Policy, RouteRule } from './policy.ts';
import type { Claims } from './state.ts';
import { NO_ORDER } from './order.ts';
import { NO_IDS } from './served.ts';
import { apart, NO_USE, NOT_USED } from './use.ts';
import type { RequestView } from './view.ts';

const NO_FIELDS: readonly string[] = Object.freeze([]);

/** A record with no claims in it. Its shape never changes, so that the commit stays monomorphic. */
export function noClaims(now: number): Claims {
  return {
    now,
    nonce: 0,
    windowPlace: 0,
    windowIdHigh: 0,
    windowIdLow: 0,
    sessionPlace: 0,
    sessionIdHigh: 0,
    sessionIdLow: 0,
    entryWithin: 0,
    sessionClient: 0,
    redirectTarget: '',
    redirectSignature: '',
    repeatable: false,
    key: '',
    keyNonce: '',
    keyNonceLife: 0,
    keyNonceSigned: 0,
    quotaCount: 0,
    quotaPer: 0,
    use: NO_USE,
    orders: NO_ORDER,
    served: NO_IDS,
    reserves: NO_RESERVES,
    newcomer: false,
    prefix: '',
    subject: '',
    account: '',
    mayWait: true,
    used: NOT_USED,
  };
}

/** Until a run takes the request up. */
const NO_CONTENT: Content = Object.freeze({ read: async () => null, replace: () => {} });

export function newContext(
  policy: Policy,
  route: RouteRule,
  carrier: Carrier,
  request: RequestView,
  now: number,
): Context {
  return {
    policy,
    route,
    carrier,
    now,
    address: '',
    prefix: '',
    secure: request.secure,
    authority: request.authority,
    ticket: null,
    resent: null,
    proof: null,
    cookieSession: '',
    session: null,
    cookieLogin: false,
    cookieCreated: 0,
    cookieFrom: null,
    subject: null,
    key: null,
    relay: '',
    level: 'open',
    digest: null,
    content: NO_CONTENT,
    responseFields: NO_FIELDS,
    answer: null,
    evidence: '',
    note: '',
    missing: '',
    field: '',
    ask: null,
    brought: null,
    retryAfter: 0,
    claims: noClaims(now),
  };
}

/** Adds to what the record says of a request that passes. */
export function addNote(context: Context, text: string): void {
  context.note = context.note === '' ? text : `${context.note}; ${text}`;
}

/** True where the request claims anything of the shared state. */
export function claimsAnything(claims: Claims): boolean {
  return (
    claims.nonce !== 0 ||
    claims.sessionIdHigh !== 0 ||
    claims.sessionIdLow !== 0 ||
    claims.key !== '' ||
    claims.used !== NOT_USED
  );
}

/** Takes out of a request's claims what it has claimed before: a counter is used up once. That its session lives is asked anew. */
export function forgetSpent(claims: Claims, spent: readonly Claims[]): void {
  if (spent.some(({ nonce, redirectTarget }) => nonce !== 0 || redirectTarget !== '')) {
    claims.nonce = 0;
    claims.redirectTarget = '';
  }
  if (spent.some(({ key }) => key !== '')) claims.key = '';
  for (const { use, orders, served, reserves } of spent) {
    // It is open already, and counted as that.
    claims.use = { limits: apart(claims.use.limits, use.limits), concurrent: NO_USE.concurrent };
    claims.orders = apart(claims.orders, orders);
    const more = claims.reserves.filter(({ rule }) => !reserves.some((done) => done.rule.number === rule.number));
    claims.reserves = more.length === 0 ? NO_RESERVES : more;
    claims.served = claims.served.filter(({ rule }) => !served.some((done) => done.rule.number === rule.number));
  }
}
