import type { KeptCrawlers } from '../addresses/crawlers.ts';
import type { StoredLists } from '../addresses/lists.ts';
import type { KeptBots } from '../bots/directory.ts';
import type { Resolver } from '../guard/bots.ts';
import { crawlersOf } from '../guard/config-bots.ts';
import type { Ground } from './ground.ts';

/** Callers that are known by what others publish of them: null where the configuration lists none. */
export interface Strangers {
  /** Bots that sign. */
  readonly bots: KeptBots | null;
  /** Crawlers that are known by where they come from. */
  readonly crawlers: KeptCrawlers | null;
  /** Published lists of networks. */
  readonly lists: StoredLists | null;
}

/**
 * Loads what it opens only where the configuration asks for it.
 *
 * @param resolver default: the name servers of this machine
 */
export async function openStrangers(
  ground: Ground,
  resolver: Resolver | undefined,
  opened: AsyncDisposableStack,
): Promise<Strangers> {
  const bots = await botsFor(ground);
  opened.defer(() => bots?.close());
  const crawlers = await crawlersFor(ground, resolver);
  opened.defer(() => crawlers?.close());
  const lists = await listsFor(ground);
  opened.defer(() => lists?.close());
  return { bots, crawlers, lists };
}

async function botsFor({ config, fetch, clock }: Ground): Promise<KeptBots | null> {
  const agents = config.bots?.agents;
  if (agents === undefined) return null;
  const { createBotDirectory } = await import('../bots/directory.ts');
  return createBotDirectory({ agents, fetch, wall: clock.wall });
}

async function crawlersFor(
  { config, fetch, clock }: Ground,
  given: Resolver | undefined,
): Promise<KeptCrawlers | null> {
  const crawlers = crawlersOf(config);
  if (crawlers.length === 0) return null;
  const { createCrawlers } = await import('../addresses/crawlers.ts');
  const resolver = given ?? (await import('../addresses/resolver.ts')).systemResolver();
  return createCrawlers({ crawlers, resolver, fetch, ...clock });
}

async function listsFor({ config, fetch, clock }: Ground): Promise<StoredLists | null> {
  const lists = config.addresses?.lists ?? [];
  if (lists.length === 0) return null;
  const { openLists } = await import('../addresses/lists.ts');
  return openLists({ lists, fetch, wall: clock.wall });
}
