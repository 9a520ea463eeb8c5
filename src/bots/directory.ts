import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { BotDirectory, BotKey } from '../guard/bots.ts';

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
/** A directory that cannot be read is believed for as long; then its agent is nobody any more. */
const KEPT = 24 * HOUR;
const TIMEOUT_MS = 5000;
const MOST_BYTES = 64 * 1024;
const MOST_KEYS = 20;

interface Agent {
  readonly keys: ReadonlyMap<string, BotKey>;
  readonly read: number;
}

/**
 * Keys of declared bots (draft-meunier-webbotauth-httpsig-directory): read ahead from the listed agents' own origins and
 * from nowhere else, whatever a request names; no redirect is followed. The origin's certificate vouches for what is read.
 */
export function createBotDirectory({ agents, fetch, wall, every = HOUR }: BotParts): KeptBots {
  const known = new Map<string, Agent>();

  const readOne = async (agent: string): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await fetch(agent + PATH, { redirect: 'error', signal, headers: { accept: ACCEPT } });
      if (answer.status !== 200) return void (await answer.body?.cancel());
      known.set(agent, { keys: toKeys(await readJson(answer)), read: wall() });
    } catch {
      // What was read before holds for a while.
    }
  };
  const refresh = async (): Promise<void> => void (await Promise.all(agents.map(readOne)));
  const timer = setInterval(() => void refresh(), every).unref();
  void refresh();

  return {
    find(agent, keyid) {
      const found = known.get(agent);
      return found === undefined || wall() - found.read > KEPT ? null : (found.keys.get(keyid) ?? null);
    },
    refresh,
    close: () => clearInterval(timer),
  };
}

const ACCEPT = 'application/http-message-signatures-directory+json, application/json;q=0.5';

async function readJson(answer: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new RangeError('a directory of keys has at most 64 KiB');
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString());
}

/** Ed25519 keys of a JWK set (RFC 7517 §5), by their thumbprints: what the set calls them does not count. */
function toKeys(value: unknown): ReadonlyMap<string, BotKey> {
  const keys = new Map<string, BotKey>();
  const list: unknown = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null;
  if (!Array.isArray(list)) throw new TypeError('not a JWK set');
  for (const item of list.slice(0, MOST_KEYS)) {
    const x = publicHalf(item);
    if (x === null) continue;
    const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
    keys.set(thumbprint, toKey(createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })));
  }
  return keys;
}

function publicHalf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('x' in item) || !('crv' in item)) return null;
  return item.crv === 'Ed25519' && typeof item.x === 'string' && /^[\w-]{43}$/.test(item.x) ? item.x : null;
}

function toKey(key: KeyObject): BotKey {
  return {
    verify(base, signature) {
      const bytes = Buffer.from(signature, 'base64');
      return bytes.length === 64 && verify(null, Buffer.from(base, 'latin1'), key, bytes);
    },
  };
}
