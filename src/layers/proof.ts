import { type OpenTicket, verifyProof } from '../doors/open-ticket.ts';
import type { Tickets } from '../doors/ticket.ts';
import { type BurntProof, PASS, type Pass, type Refusal, refusal, type StreamDigest } from '../guard/decision.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import { ANY_CLIENT, type Policy, type RouteRule } from '../guard/policy.ts';
import { redirectText, singleLine } from '../guard/redirect.ts';
import type { RequestView } from '../guard/view.ts';
import { hostOf, isLoopback } from '../lib/loopback.ts';
import { CREATED_SECONDS, SKEW_SECONDS, TAG, TAG_BEACON, TAG_SYNC, TAG_URL } from '../wire/constants.ts';
import { parseContentDigest } from '../wire/digest.ts';
import { isSpeltOut, parseCompactProof, parseSignatureInput, readProof, splitUrlProof } from '../wire/read-proof.ts';
import {
  coversExactly,
  isSyncTag,
  type ParsedProof,
  requiredComponents,
  type SignedMessage,
  signatureBase,
} from '../wire/signature.ts';

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

/** A proof as it was found, and the query without it. */
interface Found {
  readonly proof: ParsedProof;
  readonly query: string;
  readonly compact: boolean;
}

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

function findProof(request: RequestView, context: Context): Found | 'malformed' | null {
  const { signatureInput, signature, secWebsocketProtocol } = request.headers;
  if (signatureInput !== '' || signature !== '') {
    if (request.repeated.length > 0 && repeatsSigned(request.repeated)) return 'malformed';
    const proof = readProof(signatureInput, signature) ?? parseSignatureInput(signatureInput, signature);
    if (proof === 'malformed') return proof;
    if (proof !== null) return { proof, query: request.query, compact: false };
  }
  if (context.carrier === 'socket' && secWebsocketProtocol.includes(TAG)) {
    return toFound(subprotocol(secWebsocketProtocol), request.query);
  }
  const split = request.query === '' ? null : splitUrlProof(request.query);
  if (split === null || split === 'malformed') return split;
  return toFound(split.proof, split.query);
}

function toFound(text: string, query: string): Found | 'malformed' {
  const proof = parseCompactProof(text);
  return proof === null ? 'malformed' : { proof, query, compact: true };
}

const subprotocol = (list: string): string => {
  const mine = list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item.startsWith(TAG));
  return mine.length === 1 ? (mine[0] as string) : '';
};

/** Fields of which a second line could change what was signed. */
const SINGLE: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  'content-type',
  'content-digest',
  'sallyport-digest',
  'authorization',
]);
const repeatsSigned = (repeated: readonly string[]): boolean => repeated.some((name) => SINGLE.has(name));

type Coverage = (contentType: boolean, digest: DigestField, authorization: boolean) => readonly string[];

/** The component lists that a route can ask for, made once: twelve at most. */
function createCoverage(route: RouteRule): Coverage {
  const lists = new Map<number, readonly string[]>();
  return (contentType, digest, authorization) => {
    const key =
      (contentType ? 1 : 0) + (authorization ? 2 : 0) + (digest === '' ? 0 : digest === 'content-digest' ? 4 : 8);
    let list = lists.get(key);
    if (list === undefined) {
      list = requiredComponents({ contentType, digest, authorization, signed: route.signed });
      lists.set(key, list);
    }
    return list;
  };
}

function toMessage(request: RequestView, query: string, authority: string, route: RouteRule): SignedMessage {
  const { contentType, contentDigest, sallyportDigest, authorization } = request.headers;
  return {
    method: request.method,
    authority,
    path: request.path,
    query,
    contentType,
    contentDigest,
    sallyportDigest,
    authorization,
    field: route.signed.length === 0 ? noField : (name) => singleLine(request.fields, name),
  };
}

const noField = (): null => null;

/** Whether a field is there that the route has signed, and the proof does not cover. */
function hasUnsigned(request: RequestView, signed: readonly string[], covered: readonly string[]): boolean {
  return signed.some((name) => !covered.includes(name) && hasField(request.fields, name));
}

function hasField(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if ((fields[i] as string).toLowerCase() === name) return true;
  return false;
}

/** What browsers send by themselves where a server has asked for it (RFC 9110 §11): no page can sign it. */
const BROWSERS_OWN = /^(?:basic|digest|negotiate|ntlm) /i;

/**
 * Whether the proof has to cover Authorization: where there is one. Except the browser's own, which it adds after the page
 * has signed: a site behind a server's password prompt would be closed to its own page.
 */
function coversAuthorization(proof: ParsedProof, request: RequestView, { policy }: Context): boolean {
  const { authorization } = request.headers;
  return authorization !== '' && (proof.components.includes('authorization') || !isBrowsersOwn(authorization, policy));
}

/** The app's own hook may take it for who is calling; nobody else here does. */
const isBrowsersOwn = (authorization: string, policy: Policy): boolean =>
  policy.config.login?.identify === undefined && BROWSERS_OWN.test(authorization);

/** A compact proof covers no fields: what must not be somebody else's, must not be there. */
function addsToCompact(request: RequestView, { route, policy }: Context): boolean {
  const { authorization } = request.headers;
  if (hasUnsigned(request, route.signed, [])) return true;
  return authorization !== '' && !isBrowsersOwn(authorization, policy);
}

type DigestField = '' | 'content-digest' | 'sallyport-digest';

/** The field that speaks for the body; zero length is no body, whatever the fields say. */
function digestField(request: RequestView): DigestField {
  if (request.body.length === 0) return '';
  if (request.headers.sallyportDigest !== '') return 'sallyport-digest';
  return request.headers.contentDigest !== '' ? 'content-digest' : '';
}

function digestText(request: RequestView): string {
  const field = digestField(request);
  if (field === '') return '';
  return field === 'content-digest' ? request.headers.contentDigest : request.headers.sallyportDigest;
}

function readDigest(request: RequestView): StreamDigest | 'malformed' | null {
  const field = digestField(request);
  if (field === '') return null;
  const sha256 = parseContentDigest(digestText(request));
  return sha256 === null ? 'malformed' : { kind: field === 'content-digest' ? 'whole' : 'slices', sha256 };
}
