import type { JWK } from 'jose';
import type { JwtAlgorithm } from '../../guard/config-jwt.ts';
import type { Clock } from '../../lib/clock.ts';
import { readAtMost } from '../../lib/read-at-most.ts';
import { parseStrictObject } from '../../lib/strict-json.ts';
import { ASYMMETRIC, isSame } from './algorithms.ts';
import { type Fault, fault, quote } from './fault.ts';
import { type KeySource, toVerifyKey, type VerifyKey } from './keys.ts';

export interface KeySetParts {
  readonly url: string;
  readonly algorithms: readonly JwtAlgorithm[] | undefined;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Milliseconds. Default 5,000. */
  readonly timeout?: number;
}

/** Between two questions, whatever tokens name (RFC 8725 §3.10 asks for nobody to be asked at a token's bidding). */
const COOL_DOWN_MS = 30_000;
/** The same while no keys are known at all: a gate may start before its issuer. */
const FIRST_COOL_DOWN_MS = 5_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 64;
/** How long keys are good by what the answer's Cache-Control says, within these bounds. */
const MAX_AGE_MS = { fallback: 600_000, least: 60_000, most: 3_600_000 };
/** Keys of an issuer that cannot be reached serve for so long: its tokens have ended by then. */
const STALE_MS = 24 * 3_600_000;

/** The key set of an issuer (RFC 7517 §5), kept while it can be reached and for a while when it cannot. */
export function createKeySet({ url, algorithms, clock, fetch, timeout = TIMEOUT_MS }: KeySetParts): KeySource {
  let keys: readonly VerifyKey[] = [];
  let known = false;
  let fetchedAt = -Infinity;
  /** Wall clock, when the question was asked whose answer is known. */
  let askedFor = 0;
  let triedAt = -Infinity;
  let failing = false;
  let maxAge = MAX_AGE_MS.fallback;
  let pending: Promise<void> | null = null;

  const mayAsk = (): boolean =>
    pending === null && clock.monotonic() - triedAt >= (known ? COOL_DOWN_MS : FIRST_COOL_DOWN_MS);

  function ask(): Promise<void> {
    triedAt = clock.monotonic();
    pending = tryToLoad(clock.wall());
    return pending;
  }

  /** Never rejects. */
  async function tryToLoad(asked: number): Promise<void> {
    try {
      await load(asked);
      failing = false;
    } catch {
      failing = true;
    } finally {
      pending = null;
    }
  }

  async function load(asked: number): Promise<void> {
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new TypeError('no key set');
    }
    const body = parseStrictObject(Buffer.from(await readAtMost(response, MAX_BYTES)).toString('utf8'));
    const listed: unknown = body?.['keys'];
    if (!Array.isArray(listed) || listed.length > MAX_KEYS) throw new TypeError('no key set');
    const found = await Promise.all(listed.map((jwk: JWK) => toVerifyKey(jwk, algorithms)));
    take(found.filter((key) => key !== null));
    maxAge = maxAgeOf(response.headers.get('cache-control') ?? '');
    fetchedAt = clock.monotonic();
    askedFor = asked;
    known = true;
  }

  /** Keys that are still there stay the same objects; tokens by the others end. */
  function take(found: readonly VerifyKey[]): void {
    const next = found.map((key) => keys.find((old) => isSameKey(old, key)) ?? key);
    for (const old of keys) old.gone = !next.includes(old);
    keys = next;
  }

  const pick = (alg: string, kid: string | undefined): VerifyKey | null => {
    const fitting = keys.filter((key) => isSame(key.alg, alg) && (kid === undefined || key.kid === kid));
    // Without a name there is nothing to choose by.
    return kid === undefined && fitting.length > 1 ? null : (fitting[0] ?? null);
  };

  async function findLater(alg: string, kid: string | undefined, issuedAt: number): Promise<VerifyKey | Fault> {
    const named = (): VerifyKey | undefined => keys.find((key) => kid !== undefined && key.kid === kid);
    if (named() === undefined && pending !== null) await pending;
    else if (named() === undefined && mayAsk()) await ask();
    const key = known ? pick(alg, kid) : null;
    if (key !== null) return key;
    const other = named();
    if (other !== undefined) return fault(`alg: ${quote(alg)}, and the key is for ${other.alg}`);
    const wait = Math.max(1, Math.ceil((triedAt + COOL_DOWN_MS - clock.monotonic()) / 1000));
    if (!known || failing) return fault('key: the issuer’s key set cannot be reached', known ? wait : 5);
    // A key that is younger than what is known of them is not known to be none.
    if (issuedAt * 1000 > askedFor) return fault(`kid: ${quote(kid)} is not known yet`, wait);
    return fault(`kid: no key ${quote(kid)} for ${quote(alg)}`);
  }

  return {
    find(alg, kid, issuedAt) {
      // No key can come that would do.
      if (!(algorithms ?? [...ASYMMETRIC]).some((one) => isSame(one, alg))) return fault(`alg: ${quote(alg)}`);
      return (known ? pick(alg, kid) : null) ?? findLater(alg, kid, issuedAt);
    },
    isCurrent() {
      if (!known) return true;
      const age = clock.monotonic() - fetchedAt;
      // Ahead of time, so that nobody waits for it.
      if (age > maxAge * 0.8 && mayAsk()) void ask();
      if (age <= maxAge) return true;
      // The first answer is waited for; while none comes, sessions go on with the keys there are.
      if (pending !== null && (!failing || age > STALE_MS))
        return pending.then(() => clock.monotonic() - fetchedAt <= STALE_MS);
      return age <= STALE_MS;
    },
  };
}

const isSameKey = (a: VerifyKey, b: VerifyKey): boolean =>
  a.alg === b.alg && a.kid === b.kid && a.thumbprint === b.thumbprint;

function maxAgeOf(cacheControl: string): number {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl)?.[1];
  if (seconds === undefined) return MAX_AGE_MS.fallback;
  return Math.min(Math.max(Number(seconds) * 1000, MAX_AGE_MS.least), MAX_AGE_MS.most);
}
