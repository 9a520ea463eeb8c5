import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { KeyAlarm, KeyDirectory, KnownKey } from '../guard/keys.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { namedMethods } from '../guard/methods.ts';
import type { RouteRule } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { inNetwork } from '../lib/address.ts';
import { CREATED_SECONDS, SKEW_SECONDS, TAG_KEY } from '../wire/constants.ts';
import { parseContentDigest } from '../wire/digest.ts';
import { findKey, isKeyId, looksLikeKey, parseKey } from '../wire/key.ts';
import { type ParsedKeySignature, parseKeySignature } from '../wire/key-signature.ts';
import { coversExactly, requiredComponents, signatureBase } from '../wire/signature.ts';
import { createThrottle, type Throttle } from './key-throttle.ts';

const TYPO = refusal('key', 'a key as it was issued: this one’s checksum does not fit');
const UNKNOWN = refusal('key', 'a key that was issued here');
const ENDED = refusal('key', 'a key that has not ended');
const EARLY = refusal('key', 'a key whose time has begun');
const NETWORK = refusal('key', 'the key’s own networks');
const CERTIFICATE = refusal('key', 'the client certificate that the key belongs to');
const SCOPE = refusal('key', 'a key with the scopes that the route’s `keys` lists');
const NOT_HERE = refusal('key', 'a route that lists `keys`');
const OTHER_METHOD = refusal('key', 'a query without `_method`');
const SECRET_SHOWN = refusal('key', 'a signature: the secret of a signing key never travels');
const SEVERAL = refusal('key', 'one key, shown once');
const MALFORMED = refusal('target', 'a signature as docs/protocol.md §10 spells it');
const SIGNATURE = refusal('key', 'a signature by the key over this very request');
const CLOCK = refusal('clock', 'a signature made within 60 s of the server’s time, since the gate started');
const NO_DIGEST = refusal('digest', "a digest of the body under the signature, or `body: 'unsigned'` on the route");
const IN_BROWSER = refusal('key-in-browser', 'a request that no page made: keys belong to servers');
const IN_URL = refusal('key-in-browser', 'the key in Authorization: URLs stand in logs and histories');
const LIMIT = refusal('limit', 'fewer signatures from this network that do not hold');
const UNSURE = refusal('unsure', 'records that can be reached: a revocation may not be known here');

/** For how long a nonce has to be known: as long as its `created` is taken, from the furthest ahead to the oldest. */
const NONCE_LIFE = 2 * (CREATED_SECONDS + SKEW_SECONDS) * 1000;

export interface KeyParts {
  readonly keys: KeyDirectory;
  /** When the state began to remember nonces: what was signed before is refused. Milliseconds since 1970. */
  readonly since: number;
  readonly monotonic: () => number;
}

/**
 * API keys of servers and partners (docs/protocol.md §10). On a route that lists `keys`, one that holds stands in place of
 * the page: the layers of page, site, session and proof pass. Whoever brings a key is judged by it alone: one that does
 * not hold is refused, whatever else the request shows. `null` where no keys are kept here.
 */
export function createKey(parts: KeyParts | null): Layer {
  const throttle = parts === null ? null : createThrottle(parts.monotonic);
  return {
    name: 'key',
    forRoute: (route) => {
      if (parts === null || throttle === null) return null;
      const judgement: Judgement = { ...parts, throttle, route };
      return (request, context) => {
        if (request.target.length > SHORTEST && mayHoldKey(request.target)) {
          const verdict = inUrl(judgement, request, context);
          if (verdict !== PASS) return verdict;
        }
        const { authorization, signatureInput } = request.headers;
        const bearer = authorization === '' ? '' : bearerKey(authorization);
        const signed = signatureInput !== '' && signatureInput.includes(TAG_KEY);
        if (bearer === '' && !signed) return PASS;
        // What nobody has to show anything for is not opened by a key either.
        if (route.level === 'open' && route.keys === null) return PASS;
        if (!parts.keys.isCurrent()) return UNSURE;
        if (request.repeated.length > 0 && request.repeated.some((name) => SINGLE.has(name))) return SEVERAL;
        const signature = signed ? parseKeySignature(signatureInput, request.headers.signature) : null;
        if (signature === 'malformed') return MALFORMED;
        if (signature !== null) return bearer === '' ? bySignature(judgement, signature, request, context) : SEVERAL;
        return bearer === '' ? PASS : byBearer(judgement, bearer, request, context);
      };
    },
    stands(request, context) {
      const { key, route } = context;
      if (key === null || parts === null || throttle === null) return PASS;
      const known = parts.keys.find(key.id);
      // Gone from records, or never there, as passes of tests and declared bots are.
      if (known === null) return isKeyId(key.id) ? ENDED : PASS;
      if (!parts.keys.isCurrent()) return UNSURE;
      return opens({ ...parts, throttle, route }, known, request, context) ?? PASS;
    },
    observe(_request, { key, now }, refused) {
      // Passes of tests and declared bots are no keys of records.
      if (key === null || parts === null || parts.keys.find(key.id) === null) return;
      parts.keys.used(key.id, now, refused !== null);
    },
  };
}

interface Judgement extends KeyParts {
  readonly throttle: Throttle;
  readonly route: RouteRule;
}

/** Fields of which a second line could show a second key, or change what was signed. */
const SINGLE: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  'content-type',
  'content-digest',
  'authorization',
]);

const NO_METHODS: ReadonlySet<string> = new Set();
const SHORTEST = 64;
const mayHoldKey = (text: string): boolean => text.includes('spk_') || text.includes('sps_') || text.includes('sph_');

/** What stands behind `Bearer`, where it begins as our keys do; '' otherwise. The scheme's case is free (RFC 9110 §11.1). */
function bearerKey(authorization: string): string {
  if (authorization.length < 10 || authorization.slice(0, 7).toLowerCase() !== 'bearer ') return '';
  const token = authorization.slice(7).trim();
  return looksLikeKey(token) ? token : '';
}

function byBearer(judgement: Judgement, bearer: string, request: RequestView, context: Context): Pass | Refusal {
  const parsed = parseKey(bearer);
  if (parsed === null || parsed === 'typo') return TYPO;
  const known = judgement.keys.find(parsed.id);
  if (known === null) return UNKNOWN;
  context.evidence = `key ${parsed.id}`;
  if (known.kind !== parsed.kind || !known.matches(bearer)) return UNKNOWN;
  if (parsed.kind !== 'bearer') return secretShown(judgement, known, context);
  return opens(judgement, known, request, context) ?? admit(known, null, context);
}

/** Whoever read it on its way can sign as its owner now. */
function secretShown(judgement: Judgement, known: KnownKey, context: Context): Refusal {
  alarm(judgement, known, 'secret', context);
  return SECRET_SHOWN;
}

/** The check in the order of its cost; the signature comes last. */
function bySignature(
  judgement: Judgement,
  signature: ParsedKeySignature,
  request: RequestView,
  context: Context,
): Pass | Refusal {
  const { throttle, since, route } = judgement;
  const known = judgement.keys.find(signature.keyid);
  if (known === null || known.kind === 'bearer') return UNKNOWN;
  const { prefix, now } = context;
  const wait = throttle.wait(prefix);
  if (wait > 0) {
    context.retryAfter = wait;
    return LIMIT;
  }
  const created = signature.created * 1000;
  const late = signature.expires !== 0 && signature.expires * 1000 < now - SKEW_SECONDS * 1000;
  if (late || Math.abs(created - now) > (CREATED_SECONDS + SKEW_SECONDS) * 1000 || created < since - (since % 1000)) {
    context.evidence = `key ${signature.keyid}, created ${signature.created}, here it is ${Math.floor(now / 1000)}`;
    return CLOCK;
  }
  if (!fitsAlgorithm(known, signature.alg)) return SIGNATURE;
  const { contentType, contentDigest, authorization } = request.headers;
  const digest = request.body.length === 0 || contentDigest === '' ? null : parseContentDigest(contentDigest);
  if (digest === null && request.body.length !== 0 && (route.bodySigned || contentDigest !== '')) return NO_DIGEST;
  const components = requiredComponents({
    contentType: contentType !== '',
    digest: digest === null ? '' : 'content-digest',
    authorization: authorization !== '',
    signed: route.signed,
  });
  const base = coversExactly(signature.components, components)
    ? signatureBase(toMessage(request, context, route), components, signature.params)
    : null;
  if (base === null || !known.verify(base, signature.signature)) {
    throttle.failed(prefix);
    context.evidence = `key ${signature.keyid}, covers ${signature.components.join(' ')}`;
    return SIGNATURE;
  }
  context.evidence = `key ${signature.keyid}`;
  const refused = opens(judgement, known, request, context);
  if (refused !== null) return refused;
  context.digest = digest === null ? null : { kind: 'whole', sha256: digest };
  return admit(known, signature, context);
}

/** The algorithm is the key's own (RFC 9421 §3.2, step 6): a text that names another one is no mistake to look past. */
function fitsAlgorithm({ kind }: KnownKey, alg: string): boolean {
  return alg === '' || alg === (kind === 'hmac' ? 'hmac-sha256' : 'ed25519');
}

/** Why a key that was verified opens nothing here; null where it does. */
function opens(judgement: Judgement, known: KnownKey, request: RequestView, context: Context): Refusal | null {
  const { facts, expires, networks } = known;
  const { route } = judgement;
  // Before anything else: a key that lies open in a page is a matter for its owner even where it has ended.
  if (isOfPage(request)) {
    alarm(judgement, known, 'browser', context);
    return IN_BROWSER;
  }
  if (known.ended !== '') {
    context.evidence = `key ${facts.id}, ${known.ended}`;
    return ENDED;
  }
  if (context.now < known.notBefore) return EARLY;
  if (expires !== 0 && context.now >= expires) {
    context.evidence = `key ${facts.id}, expired`;
    return ENDED;
  }
  if (networks.length > 0 && !networks.some((network) => inNetwork(context.address, network))) return NETWORK;
  if (known.thumbprint !== null && known.thumbprint !== request.clientCertificate) return CERTIFICATE;
  if (route.keys === null) return NOT_HERE;
  // Scopes are those of one method; which of the two the backend serves, nobody knows here.
  if (namedMethods(request, NO_METHODS).length > 0) return OTHER_METHOD;
  return route.keys.every((scope) => facts.scopes.includes(scope)) ? null : SCOPE;
}

/**
 * What browsers say of their own accord and programs do not. Sec-Fetch-Mode alone tells nothing: Node's fetch sends it.
 */
function isOfPage({ headers }: RequestView): boolean {
  const { origin, referer, secFetchSite, secFetchDest } = headers;
  return origin !== '' || referer !== '' || secFetchSite !== '' || secFetchDest !== '';
}

/** Uses nothing up: nonce and quota are claims, so that a refused request costs its key nothing. */
function admit({ facts, quota }: KnownKey, signature: ParsedKeySignature | null, context: Context): Pass {
  const { claims } = context;
  context.evidence = '';
  context.key = facts;
  claims.key = facts.id;
  if (signature !== null) {
    claims.keyNonce = signature.nonce;
    claims.keyNonceSigned = signature.created * 1000;
    claims.keyNonceLife = NONCE_LIFE;
  }
  if (quota !== null) {
    claims.quotaCount = quota.count;
    claims.quotaPer = quota.per;
  }
  return PASS;
}

/** A key in the target lies in logs and histories by now, whether or not it still opens anything. */
function inUrl(judgement: Judgement, request: RequestView, context: Context): Pass | Refusal {
  const text = findKey(request.target);
  const parsed = text === '' ? null : parseKey(text);
  const known = parsed === null || parsed === 'typo' ? null : judgement.keys.find(parsed.id);
  if (known === null) return PASS;
  context.evidence = `key ${known.facts.id}`;
  if (!known.matches(text)) return PASS;
  alarm(judgement, known, 'url', context);
  return IN_URL;
}

function alarm({ keys, route }: Judgement, { facts }: KnownKey, where: KeyAlarm['where'], context: Context): void {
  const { prefix, now: at } = context;
  keys.alarm({ key: facts.id, account: facts.account, where, route: route.name, prefix, at });
}

function toMessage(request: RequestView, context: Context, route: RouteRule) {
  const { contentType, contentDigest, authorization } = request.headers;
  return {
    method: request.method,
    authority: context.authority,
    path: request.path,
    query: request.query,
    contentType,
    contentDigest,
    sallyportDigest: '',
    authorization,
    field: (name: string) => (route.signed.includes(name) ? singleLine(request.fields, name) : null),
  };
}

function singleLine(fields: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== name) continue;
    if (found !== null) return null;
    found = fields[i + 1] ?? '';
  }
  return found;
}
