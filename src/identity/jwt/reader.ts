import type { Config } from '../../guard/config.ts';
import { jwtIssuers } from '../../guard/config-schema-jwt.ts';
import { type Refusal, refusal } from '../../guard/decision.ts';
import type { Bans } from '../../guard/keys.ts';
import type { Context } from '../../guard/layer.ts';
import { type Records, RecordsError } from '../../guard/records.ts';
import type { State } from '../../guard/state.ts';
import type { Subject, SubjectReader } from '../../guard/subject.ts';
import type { RequestView } from '../../guard/view.ts';
import type { Random } from '../../doors/random.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Eventually } from '../../lib/eventually.ts';
import { whenKnown } from '../../lib/eventually.ts';
import { answerWith, bearerChallenge, dpopChallenge } from '../challenge.ts';
import { createDpop, type Dpop } from '../dpop.ts';
import { createTokenCache, type TokenCache } from './cache.ts';
import { Fault } from './fault.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { createOwners } from './owners.ts';
import { createPlace, type Place, placeName } from './place.ts';
import { createStanding, revokedName } from './standing.ts';
import { createVerify, type Verified, type Verify } from './verify.ts';

export interface JwtParts {
  readonly config: Config;
  readonly records: Records;
  readonly state: Pick<State, 'endedBy'>;
  /** What administration banned, whoever keeps it; null where nobody can. */
  readonly bans: Bans | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
}

const INVALID = refusal('login-required', 'a token of an issuer that is listed, for this audience, that holds');
const MISMATCH = refusal('session-mismatch', 'a token that belongs to no other session that lives');
const UNSURE = refusal('unsure', 'an issuer whose keys can be reached');
const UNKNOWN = refusal('unsure', 'records that say who is blocked');
const BUSY = refusal('unsure', 'fewer new tokens at the same time');
const BLOCKED = refusal('login-required', 'a person who is not blocked, and a token that was not revoked');

/** New tokens in work at one time: signatures are checked on the machine's few spare threads. */
const MAX_ASKED = 256;

/** A token that held, and what the checks of each request need beside it. */
interface Known extends Verified {
  readonly token: string;
  /** `Bearer`, `DPoP`, or '' for places that name none. */
  readonly scheme: string;
  /** Of {@link Standing}: when its owner was last found good. */
  epoch: number;
}

/** A request and what is known of it; whether it was admitted before and is still open. */
interface Asked {
  readonly request: RequestView;
  readonly context: Context;
  readonly isOpen: boolean;
}

interface Way {
  readonly place: Place;
  readonly verify: Verify;
  /** What was found good here: in another place other issuers may be listed. */
  readonly known: TokenCache<Known>;
}

/**
 * Tokens that the app already has, as a subject. A token is verified once; until it ends it costs a look-up and a
 * comparison a request. Throws ConfigError for keys that cannot be used.
 */
export async function createJwtReader(parts: JwtParts): Promise<SubjectReader> {
  const { clock, records, state, bans } = parts;
  const ways = await createWays(parts);
  const asking = new Map<string, Promise<Known | Fault>>();
  const standing = createStanding(records, clock);
  const owners = createOwners(state);
  const dpop = createDpop(parts);

  /** Verifies what was never seen, or has to be seen again. Copies that come meanwhile wait for the same answer. */
  function ask({ place, verify, known }: Way, value: string, now: number): Promise<Known | Fault> | null {
    const name = `${place.name} ${value}`;
    const asked = asking.get(name);
    if (asked !== undefined) return asked;
    if (asking.size >= MAX_ASKED) return null;
    const { token, scheme } = place.parse(value) ?? { token: '', scheme: '' };
    const asks = verify(token, now)
      .then((found) => {
        if (found instanceof Fault) return found;
        const made: Known = { ...found, token, scheme, epoch: -1 };
        known.set(value, made);
        return made;
      })
      .finally(() => void asking.delete(name));
    asking.set(name, asks);
    return asks;
  }

  function fresh(way: Way, value: string, asked: Asked): Eventually<Subject | Refusal> {
    const asks = ask(way, value, asked.context.now);
    if (asks === null) return BUSY;
    return asks.then((found) => (found instanceof Fault ? refuse(found, asked.context) : stand(found, asked)));
  }

  /** Whether whoever it names is still somebody here. */
  function stand(found: Known, asked: Asked): Eventually<Subject | Refusal> {
    const { context } = asked;
    if (isRevoked(bans, found)) return fail(BLOCKED, 'revoked', context);
    if (found.epoch === standing.epoch && standing.isCurrent()) return belong(found, asked);
    const { epoch } = standing;
    const unreachable = (error: unknown): Refusal => {
      if (!(error instanceof RecordsError)) throw error;
      return fail(UNKNOWN, `records: ${error.code}`, context);
    };
    return standing.isGood(found.subject, found.jti).then((good) => {
      if (!good) return fail(BLOCKED, 'blocked or revoked', context);
      found.epoch = epoch;
      return belong(found, asked);
    }, unreachable);
  }

  /** Whether this request may show it; what is open has shown it already. */
  function belong(found: Known, { request, context, isOpen }: Asked): Eventually<Subject | Refusal> {
    if (isOpen) return found.subject;
    if (!found.issuer.bound) return prove(found, request, context);
    return whenKnown(owners.admits(found.id, context), (own) =>
      own ? prove(found, request, context) : fail(MISMATCH, 'token of another session', context),
    );
  }

  function prove(found: Known, request: RequestView, context: Context): Eventually<Subject | Refusal> {
    const { jkt, scheme, token, subject } = found;
    if (jkt === '')
      return scheme === 'DPoP' ? fail(INVALID, 'DPoP with a token that is bound to no key', context) : subject;
    // RFC 9449 §7.2: shown as Bearer, a bound token would be one that anybody could use.
    if (scheme === 'Bearer') return fail(INVALID, 'a bound token, as Bearer', context);
    return provePossession(dpop, found.subject, { token, jkt }, request, context);
  }

  function hit(found: Known, way: Way, value: string, asked: Asked): Eventually<Subject | Refusal> {
    if (asked.context.now >= found.ends || found.key.gone) {
      way.known.delete(value);
      return fresh(way, value, asked);
    }
    return stand(found, asked);
  }

  function read(asked: Asked): Eventually<Subject | Refusal | null> {
    const { request, context } = asked;
    if (context.key !== null) return null;
    for (const way of ways) {
      const value = way.place.read(request);
      if (value === '') continue;
      if (value === null) return fail(INVALID, `${way.place.name} more than once`, context);
      const found = way.known.get(value);
      if (found === undefined) {
        if (way.place.parse(value) === null) continue;
        return fresh(way, value, asked);
      }
      const current = found.issuer.keys.isCurrent();
      if (current === true) return hit(found, way, value, asked);
      return whenKnown(current, (is) => (is ? hit(found, way, value, asked) : UNSURE));
    }
    return null;
  }

  const byField = ways.some(({ place }) => place.name === 'authorization');
  return {
    ...(byField ? { challenge: 'Bearer' } : {}),
    read: (request, context) => read({ request, context, isOpen: false }),
    again: (request, context) => read({ request, context, isOpen: true }),
    release: dpop.release,
    close: () => standing.close(),
  };
}

async function createWays({ config, clock, fetch }: JwtParts): Promise<readonly Way[]> {
  const configs = jwtIssuers(config);
  const byPlace = new Map<string, { place: Place; issuers: Issuer[] }>();
  for (const [index, one] of configs.entries()) {
    const field = Array.isArray(config.login?.jwt) ? `login.jwt[${index}]` : 'login.jwt';
    const issuer = await createIssuer(one, field, { clock, fetch });
    const there = byPlace.get(placeName(one)) ?? { place: createPlace(one), issuers: [] };
    there.issuers.push(issuer);
    byPlace.set(placeName(one), there);
  }
  return [...byPlace.values()].map(({ place, issuers }) => ({
    place,
    verify: createVerify(issuers),
    known: createTokenCache<Known>(),
  }));
}

/** People who are banned are refused by a layer of its own; single tokens only this reader knows. */
const isRevoked = (bans: Bans | null, { jti, issuer }: Verified): boolean =>
  bans !== null && !bans.isEmpty('subject') && jti !== '' && bans.has('subject', revokedName(issuer.source, jti));

function refuse({ rule, unsure }: Fault, context: Context): Refusal {
  if (unsure === 0) return fail(INVALID, rule, context);
  context.evidence = `token: ${rule}`;
  context.retryAfter = unsure;
  return UNSURE;
}

function fail(refused: Refusal, rule: string, context: Context): Refusal {
  context.evidence = `token: ${rule}`;
  if (refused.code === 'login-required') answerWith(context, bearerChallenge());
  return refused;
}

async function provePossession(
  dpop: Dpop,
  subject: Subject,
  bound: { readonly token: string; readonly jkt: string },
  request: RequestView,
  context: Context,
): Promise<Subject | Refusal> {
  const { broken, wantsNonce, nonce } = await dpop.check(request, context, bound);
  if (nonce !== '') answerWith(context, ['dpop-nonce', nonce]);
  if (broken === '') return subject;
  context.evidence = `DPoP: ${broken}`;
  answerWith(context, dpopChallenge(wantsNonce));
  return INVALID;
}
