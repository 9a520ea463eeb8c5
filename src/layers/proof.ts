import { type OpenTicket, verifyProof } from '../doors/open-ticket.ts';
import type { Tickets } from '../doors/ticket.ts';
import { type BurntProof, PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import { ANY_CLIENT } from '../guard/policy.ts';
import { redirectText } from '../guard/redirect.ts';
import type { RequestView } from '../guard/view.ts';
import { hostOf, isLoopback } from '../lib/loopback.ts';
import { CREATED_SECONDS, SKEW_SECONDS, TAG, TAG_BEACON, TAG_SYNC, TAG_URL } from '../wire/constants.ts';
import { isSpeltOut } from '../wire/read-proof.ts';
import { coversExactly, isSyncTag, type ParsedProof, signatureBase } from '../wire/signature.ts';
import {
  addsToCompact,
  type Coverage,
  coversAuthorization,
  createCoverage,
  digestField,
  digestText,
  hasUnsigned,
  readDigest,
  toMessage,
} from './proof-cover.ts';
import { type Found, findProof } from './proof-found.ts';

const ENTRY = refusal('entry-required', 'a proof by a page that entered');
const INSECURE = refusal('insecure-context', 'a page over HTTPS or on localhost; or --insecure-http in report mode');
const BUILD = refusal(
  'build',
  'a proof in the names of a build that is taken now, or by a client that `builds.plain` lists',
);
const MALFORMED = refusal('target', 'one proof, spelt as docs/protocol.md §3 spells it');
const STALE = refusal('stale', 'a ticket of this gate that has not expired');
const INSTANCE = refusal('wrong-instance', 'a ticket of this instance, or state that the instances share');
const CLIENT = refusal('forbidden', 'a ticket of the client that this route belongs to');
const SIGNATURE = refusal('signature', 'a signature by the ticket’s key over this very request');
const UNSIGNED = refusal('signature', 'a proof that covers the fields, or no Authorization and no `signed` fields');
const AUTHORITY = refusal('signature', 'a ticket that was given to a page of this origin, for this authority');
const CLOCK = refusal('clock', 'a proof made within 60 s of the server’s time');
const NO_DIGEST = refusal('digest', "a digest of the body under the proof, or `body: 'unsigned'` on the route");

/**
 * The proof itself (PROTOCOL §3): a signature by the key that only the page holds, over method, authority, path,
 * query and body. Stateless; that it is used once is for the replay layer and the commit.
 */
export function createProof(tickets: Tickets): Layer {
  return {
    name: 'proof',
    forRoute: (route, policy) => {
      if (route.level === 'open' || route.level === 'site') return null;
      const required = route.level === 'proof';
      const coverage = createCoverage(route);
      const check: Check = (request, context) => {
        if (context.key !== null) return PASS;
        const found = findProof(request, context);
        if (found === null) return required ? missing(context) : PASS;
        if (found === 'malformed') return MALFORMED;
        const ticket = tickets.openTicket(found.proof.keyid);
        if (typeof ticket === 'string') return speltOut(found, ticket === 'wrong-instance' ? INSTANCE : STALE);
        const verdict = judge(ticket, found, request, context, coverage);
        return context.ticket !== null ? verdict : speltOut(found, verdict);
      };
      return policy.builds === null ? check : inBuild(check, tickets, policy.builds.plain, required);
    },
  };
}

/** Where pages have builds, the protocol's own names are for the clients that policy lists: nobody chooses them by himself. */
function inBuild(check: Check, tickets: Tickets, plain: ReadonlySet<string>, required: boolean): Check {
  return (request, context) => {
    // Signed, as the page knows: what it can do about it is to enter anew.
    if (request.build === '' && required && context.key === null) return STALE;
    // What came sealed is under a key that a build, or a listed client, has derived.
    if (request.build !== undefined || (request.sealed ?? '') !== '' || context.key !== null)
      return check(request, context);
    const found = findProof(request, context);
    const ticket = found === null || found === 'malformed' ? 'unknown' : tickets.openTicket(found.proof.keyid);
    return typeof ticket === 'string' || plain.has(ticket.client) ? check(request, context) : BUILD;
  };
}

/** What did not hold may never have been a proof at all; what held was spelt by us. */
function speltOut(found: Found, verdict: Pass | Refusal): Pass | Refusal {
  return isSpeltOut(found.proof) ? verdict : MALFORMED;
}

/** The check in the order of its cost; nothing is noted in the context before the signature holds. */
function judge(
  ticket: OpenTicket,
  found: Found,
  request: RequestView,
  context: Context,
  coverage: Coverage,
): Pass | Refusal {
  const { proof } = found;
  const { route } = context;
  const { headers } = request;
  if (ticket.client !== route.client.name && route.client.name !== ANY_CLIENT) return CLIENT;
  if (!ticket.isForAuthority(context.authority)) return AUTHORITY;
  if (headers.origin !== '' && !ticket.isForOrigin(headers.origin)) return AUTHORITY;
  if (!takesTag(proof, found.compact, request, context)) return SIGNATURE;
  if (!isRecent(proof.created * 1000, request.begun ?? context.now, context.now)) return clock(context, proof);
  const digest = readDigest(request);
  if (digest === 'malformed') return NO_DIGEST;
  // A compact proof covers no digest: content beside it was signed by nobody.
  if ((digest === null || found.compact) && request.body.length !== 0 && (route.bodySigned || found.compact))
    return NO_DIGEST;
  if (found.compact && addsToCompact(request, context)) return UNSIGNED;
  context.digest = digest;
  const components = found.compact
    ? proof.components
    : coverage(headers.contentType !== '', digestField(request), coversAuthorization(proof, request, context));
  if (!coversExactly(proof.components, components)) return maybeRedirected(ticket, proof, request, context);
  const base = signatureBase(toMessage(request, found.query, context.authority, route), components, proof.params);
  const holds = base !== null && verifyProof(ticket, base, proof.signature, isSyncTag(proof.tag) ? 'sync' : 'proof');
  if (!holds) return maybeRedirected(ticket, proof, request, context);
  context.ticket = ticket;
  context.level = 'proof';
  context.proof = burnt(ticket, proof, request);
  return PASS;
}

function burnt(ticket: OpenTicket, proof: ParsedProof, request: RequestView): BurntProof {
  return {
    ticket,
    nonce: proof.nonce,
    signature: proof.signature,
    digest: digestText(request),
    components: proof.components,
    repeatable: proof.tag === TAG_URL,
  };
}

function missing(context: Context): Refusal {
  return context.secure || isLoopback(hostOf(context.authority)) ? ENTRY : INSECURE;
}

/** A proof ages until its request begins, not while that is on its way: all of a sealed one has come when it is judged. */
function isRecent(created: number, begun: number, now: number): boolean {
  const most = (CREATED_SECONDS + SKEW_SECONDS) * 1000;
  return begun - created <= most && created - now <= most;
}

function clock(context: Context, proof: ParsedProof): Refusal {
  context.evidence = `created ${proof.created}, here it is ${Math.floor(context.now / 1000)}`;
  return CLOCK;
}

/**
 * Browsers send a redirected call with the proof of its first target. If the commit finds that our own upstream
 * redirected exactly this proof to exactly this target, it may pass once (PROTOCOL 3.11); else it is a forgery.
 */
function maybeRedirected(
  ticket: OpenTicket,
  proof: ParsedProof,
  request: RequestView,
  context: Context,
): Pass | Refusal {
  if (proof.tag !== TAG || request.body.length < 0) return SIGNATURE;
  if (hasUnsigned(request, context.route.signed, proof.components)) return SIGNATURE;
  const { claims } = context;
  const { method, target, headers } = request;
  const { contentType, authorization } = headers;
  context.resent = { ticket, proof: burnt(ticket, proof, request) };
  claims.nonce = proof.nonce;
  claims.windowPlace = ticket.windowPlace;
  claims.windowIdHigh = ticket.windowIdHigh;
  claims.windowIdLow = ticket.windowIdLow;
  const resent = { method, target, digest: digestText(request), contentType, authorization };
  claims.redirectTarget = redirectText(request, { ...resent, components: proof.components });
  context.evidence = `covers ${proof.components.join(' ')}`;
  claims.redirectSignature = proof.signature;
  return PASS;
}

function takesTag(proof: ParsedProof, compact: boolean, request: RequestView, context: Context): boolean {
  const { sync } = context.route;
  switch (proof.tag) {
    case TAG:
      return !compact || context.carrier === 'socket';
    case TAG_BEACON:
      return !compact && sync.has('beacon') && request.method === 'POST';
    case TAG_SYNC:
      return !compact && sync.has('sync');
    case TAG_URL:
      return compact && sync.has('url') && (request.method === 'GET' || request.method === 'HEAD');
  }
}
