import type { Config } from './config.ts';
import type { ConfigProblem } from './errors.ts';

export interface BotsConfig {
  /** Origins of bots that sign their requests: `https://bot.example`. Their keys are read from there, ahead of need. Default none. */
  agents?: string[];
  /** Crawlers that are known by where they come from: names of well-known ones, or descriptions of others. Default none. */
  crawlers?: (KnownCrawler | CrawlerConfig)[];
}

/** Crawlers whose operators say in public by which names of hosts theirs are known. */
export type KnownCrawler = 'google' | 'bing' | 'apple' | 'yandex';

export interface CrawlerConfig {
  /** What records and limits call it: small letters, digits, `-`. */
  name: string;
  /** What its User-Agent holds, in whatever case: `ExampleBot`. Who does not say so is not looked up. */
  agent: string;
  /** Names of hosts, or what they end in: `crawl.bot.example`. Its addresses lead to such a name, and the name back to them. */
  hosts?: string[];
  /** Address of a list of its networks, in one of the published formats. Read every twelve hours. */
  ranges?: string;
}

/** A crawler as it is looked for. */
export interface CrawlerRule {
  readonly name: string;
  readonly agent: string;
  readonly hosts: readonly string[];
  readonly ranges: string;
}

/**
 * Only names that crawlers alone have: under google.com and googleusercontent.com are machines that fetch, or run, what
 * anybody asks for.
 */
const KNOWN: Readonly<Record<KnownCrawler, CrawlerRule>> = {
  google: { name: 'google', agent: 'Googlebot', hosts: ['googlebot.com'], ranges: '' },
  bing: { name: 'bing', agent: 'bingbot', hosts: ['search.msn.com'], ranges: '' },
  apple: { name: 'apple', agent: 'Applebot', hosts: ['applebot.apple.com'], ranges: '' },
  yandex: { name: 'yandex', agent: 'YandexBot', hosts: ['yandex.com', 'yandex.net', 'yandex.ru'], ranges: '' },
};

export function crawlersOf({ bots }: Pick<Config, 'bots'>): readonly CrawlerRule[] {
  return (bots?.crawlers ?? []).map((crawler) => {
    if (typeof crawler === 'string') return KNOWN[crawler];
    const { name, agent, hosts = [], ranges = '' } = crawler;
    return { name, agent, hosts: hosts.map((host) => host.toLowerCase()), ranges };
  });
}

/** What is wrong between fields that are fine alone. */
export function crawlerProblems(config: Config): ConfigProblem[] {
  const names = crawlersOf(config).map(({ name }) => name);
  return (config.bots?.crawlers ?? []).flatMap((crawler, index) => {
    const field = `bots.crawlers[${index}]`;
    const value = JSON.stringify(typeof crawler === 'string' ? crawler : crawler.name);
    if (names.indexOf(names[index] ?? '') < index)
      return [{ field, value, rule: 'is listed before; keep one of them' }];
    if (typeof crawler === 'string' || crawler.hosts?.length || crawler.ranges !== undefined) return [];
    return [{ field, value, rule: 'write hosts or ranges: what a program says of itself is not enough' }];
  });
}
