import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { BotDirectory, BotKey } from '../guard/bots.ts';
import { provenKeys } from './proof.ts';

export interface BotParts {
  /** Origins of the agents, as configured. */
  readonly agents: readonly string[];
  readonly fetch: typeof fetch;
  readonly wall: () => number;
  /** Milliseconds between two readings. Default one hour. */
  readonly every?: number;
}

export interface KeptBots extends BotDirectory {
  /** Reads all directories now. */
  refresh(): Promise<void>;
  close(): void;
}

const PATH = '/.well-known/http-message-signatures-directory';
const HOUR = 3_600_000;
/** An agent of whom nothing is known yet is asked again this soon. */
const SOON = 60_000;
/** A directory that cannot be read is believed for as long; then its agent is nobody any more. */
const KEPT = 24 * HOUR;
const TIMEOUT_MS = 5000;
const MOST_BYTES = 64 * 1024;
const MOST_KEYS = 20;

/** Good from `nbf` to `exp`, where the set says so. Seconds since 1970. */
interface DatedKey extends BotKey {
  readonly begins: number;
  readonly ends: number;
}

interface Agent {
  readonly keys: ReadonlyMap<string, DatedKey>;
  readonly read: number;
}

/**
 * Keys of declared bots (draft-ietf-webbotauth-httpsig-protocol): read ahead from the listed agents' own origins and
 * from nowhere else, whatever a request names; no redirect is followed. The origin's certificate vouches for what is read.
 */
export function createBotDirectory({ agents, fetch, wall, every = HOUR }: BotParts): KeptBots {
  const known = new Map<string, Agent>();

  const readOne = async (agent: string): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await fetch(agent + PATH, { redirect: 'error', signal, headers: HEADERS });
      if (answer.status !== 200) return void (await answer.body?.cancel());
      const body = await readBody(answer);
      const keys = toKeys(JSON.parse(body.toString()));
      const { host: authority } = new URL(agent);
      const now = wall() / 1000;
      known.set(agent, { keys: provenKeys({ headers: answer.headers, body, authority, now }, keys), read: wall() });
    } catch {
      // What was read before holds for a while.
    }
  };
  const refresh = async (): Promise<void> => void (await Promise.all(agents.map(readOne)));
  const timer = setInterval(() => void refresh(), every).unref();
  const soon = setInterval(() => {
    for (const agent of agents) if (!known.has(agent)) void readOne(agent);
  }, SOON).unref();
  void refresh();

  return {
    find(agent, keyid) {
      const found = known.get(agent);
      const now = wall();
      const key = found === undefined || now - found.read > KEPT ? undefined : found.keys.get(keyid);
      return key !== undefined && now / 1000 >= key.begins && now / 1000 < key.ends ? key : null;
    },
    refresh,
    close() {
      clearInterval(timer);
      clearInterval(soon);
    },
  };
}

/** Nothing compressed: what a signature covers is the body as it travels (RFC 9530 §2). */
const HEADERS = {
  accept: 'application/http-message-signatures-directory+json, application/json;q=0.5',
  'accept-encoding': 'identity',
};

async function readBody(answer: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new RangeError('a directory of keys has at most 64 KiB');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Public halves of keys whose private halves stand in RFC 9421 §B.1.4 and RFC 8037 §A.1: anybody signs by them. */
const EVERYBODYS: ReadonlySet<string> = new Set([
  'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
  '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
]);

/** Ed25519 keys of a JWK set (RFC 7517 §5), by their thumbprints: what the set calls them does not count. */
function toKeys(value: unknown): ReadonlyMap<string, DatedKey> {
  const keys = new Map<string, DatedKey>();
  const list: unknown = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null;
  if (!Array.isArray(list)) throw new TypeError('not a JWK set');
  for (const item of list.slice(0, MOST_KEYS)) {
    const x = publicHalf(item);
    if (x === null) continue;
    const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    keys.set(thumbprint, {
      ...toKey(key),
      begins: timeOf(item, 'nbf', 0),
      ends: timeOf(item, 'exp', Number.POSITIVE_INFINITY),
    });
  }
  return keys;
}

/** Null for what is no Ed25519 key, is for something else, or is nobody's own: its private half stands there, or in a book. */
function publicHalf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('x' in item) || !('crv' in item) || 'd' in item) return null;
  if ('use' in item && item.use !== 'sig') return null;
  const { crv, x } = item;
  return crv === 'Ed25519' && typeof x === 'string' && /^[\w-]{43}$/.test(x) && !EVERYBODYS.has(x) ? x : null;
}

function toKey(key: KeyObject): BotKey {
  return {
    verify(base, signature) {
      const bytes = Buffer.from(signature, 'base64');
      return bytes.length === 64 && verify(null, Buffer.from(base, 'latin1'), key, bytes);
    },
  };
}

/** NaN, which nothing is before or after, for what is no time. */
function timeOf(jwk: object, name: string, missing: number): number {
  const value: unknown = Reflect.get(jwk, name);
  if (value === undefined) return missing;
  return typeof value === 'number' ? value : Number.NaN;
}
