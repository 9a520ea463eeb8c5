import type { StoredLists } from './addresses/lists.ts';
import type { KeptCrawlers } from './addresses/crawlers.ts';
import type { KeptBots } from './bots/directory.ts';
import type { Resolver } from './guard/bots.ts';
import type { Config } from './guard/config.ts';
import { crawlersOf } from './guard/config-bots.ts';
import { takesKeys } from './guard/keys.ts';
import type { Records } from './guard/records.ts';
import type { Identity, IdentityParts } from './identity/index.ts';
import type { Keys } from './keys/open.ts';

/** Parts that are loaded only where a configuration names them. */

/** What a configuration needs records for, and the records. Loaded only then: most gates start without. */
export async function keptFor(config: Config, parts: Omit<IdentityParts, 'records'>, given: Records | undefined) {
  if (config.login === undefined && !takesKeys(config)) return NOTHING_KEPT;
  const { createRecords } = await import('./stores/records/open.ts');
  const secret = Buffer.from(parts.secret).toString('base64url');
  const records = given ?? (await createRecords('memory', { secret, clock: parts.clock }));
  const identity = await identityFor({ ...parts, records });
  const keys = takesKeys(config) ? await keysFor({ ...parts, records }) : null;
  const close = async (): Promise<void> => {
    await keys?.close();
    await identity?.close();
    if (given === undefined) await records.close();
  };
  return { records, identity, keys, close };
}

export async function botsFor(
  { bots }: Config,
  fetch: typeof globalThis.fetch,
  wall: () => number,
): Promise<KeptBots | null> {
  if (bots?.agents === undefined) return null;
  const { createBotDirectory } = await import('./bots/directory.ts');
  return createBotDirectory({ agents: bots.agents, fetch, wall });
}

export async function crawlersFor(
  config: Config,
  fetch: typeof globalThis.fetch,
  clock: IdentityParts['clock'],
  given: Resolver | undefined,
): Promise<KeptCrawlers | null> {
  const crawlers = crawlersOf(config);
  if (crawlers.length === 0) return null;
  const { createCrawlers } = await import('./addresses/crawlers.ts');
  const resolver = given ?? (await import('./addresses/resolver.ts')).systemResolver();
  return createCrawlers({ crawlers, resolver, fetch, ...clock });
}

export async function listsFor(
  { addresses }: Config,
  fetch: typeof globalThis.fetch,
  wall: () => number,
): Promise<StoredLists | null> {
  const { lists = [] } = addresses ?? {};
  if (lists.length === 0) return null;
  const { openLists } = await import('./addresses/lists.ts');
  return openLists({ lists, fetch, wall });
}

const NOTHING_KEPT = { records: null, identity: null, keys: null, close: async (): Promise<void> => {} };

async function identityFor(parts: IdentityParts): Promise<Identity | null> {
  if (parts.config.login === undefined) return null;
  const { createIdentity } = await import('./identity/index.ts');
  return createIdentity(parts);
}

async function keysFor({ secret, random, ...parts }: IdentityParts): Promise<Keys> {
  const { openKeys } = await import('./keys/open.ts');
  const { createVault } = await import('./identity/vault.ts');
  return openKeys({ ...parts, random, sealer: createVault(secret, random) });
}
