import { keepList, type KeptList } from './list.ts';
import { readListUrl } from './read.ts';
import type { Crawlers, Resolver } from '../guard/bots.ts';
import type { CrawlerRule } from '../guard/config-bots.ts';
import { formatAddress, parseAddress } from '../lib/address.ts';
import { createGenerations } from '../lib/generations.ts';
import { within } from '../lib/within.ts';

export interface CrawlerParts {
  readonly crawlers: readonly CrawlerRule[];
  readonly resolver: Resolver;
  readonly fetch: typeof fetch;
  readonly wall: () => number;
  readonly monotonic: () => number;
}

export interface KeptCrawlers extends Crawlers {
  /** Reads all published ranges now. */
  refresh(): Promise<void>;
  close(): void;
}

const HOUR = 3_600_000;
const RANGES_EVERY = 12 * HOUR;
/** An address that was confirmed stays so for a day; who was not, and all of that network with it, is asked for again soon. */
const CONFIRMED_MS = 24 * HOUR;
const DENIED_MS = 600_000;
const MOST_KNOWN = 4096;
/** Name servers that are asked at a time: whoever calls itself a crawler makes us ask. */
const MOST_LOOKUPS = 32;
const LOOKUP_MS = 2000;
const MOST_NAMES = 4;
const LONGEST_AGENT = 512;

/**
 * Tells crawlers by where they come from: networks that their operator publishes, or a host name of the operator's to which
 * the address leads, and which leads back to it. What a request says of itself only says whom to ask.
 */
export function createCrawlers({ crawlers, resolver, fetch, wall, monotonic }: CrawlerParts): KeptCrawlers {
  const kept = crawlers.map((rule) => ({ rule, token: rule.agent.toLowerCase(), ranges: rangesOf(rule, fetch, wall) }));
  const confirmed = createGenerations<number>(MOST_KNOWN);
  const denied = createGenerations<number>(MOST_KNOWN);
  const running = new Map<string, Promise<string>>();

  const ask = async ({ name, hosts }: CrawlerRule, address: string, network: string): Promise<string> => {
    const found = await within(leadsThereAndBack(resolver, hosts, address), LOOKUP_MS).catch(() => false);
    if (found) confirmed.set(`${name} ${address}`, monotonic() + CONFIRMED_MS);
    else denied.set(`${name} ${network}`, monotonic() + DENIED_MS);
    return found ? name : '';
  };
  const lookUp = (rule: CrawlerRule, address: string, network: string): string | Promise<string> => {
    const now = monotonic();
    if ((confirmed.get(`${rule.name} ${address}`) ?? 0) > now) return rule.name;
    if ((denied.get(`${rule.name} ${network}`) ?? 0) > now) return '';
    const key = `${rule.name} ${network}`;
    const already = running.get(`${key} ${address}`);
    if (already !== undefined) return already;
    if (running.size >= MOST_LOOKUPS) return '';
    const asked = ask(rule, address, network).finally(() => running.delete(`${key} ${address}`));
    running.set(`${key} ${address}`, asked);
    return asked;
  };
  const refresh = async (): Promise<void> => void (await Promise.all(kept.map(({ ranges }) => ranges?.refresh())));
  void refresh();

  return {
    find(userAgent, address, network) {
      const said = userAgent.slice(0, LONGEST_AGENT).toLowerCase();
      const claimed = kept.find(({ token }) => said.includes(token));
      if (claimed === undefined || address === '') return '';
      if (claimed.ranges?.has(address) === true) return claimed.rule.name;
      return claimed.rule.hosts.length === 0 ? '' : lookUp(claimed.rule, address, network);
    },
    refresh,
    close() {
      for (const { ranges } of kept) ranges?.close();
    },
  };
}

function rangesOf({ name, ranges }: CrawlerRule, fetch: typeof globalThis.fetch, wall: () => number): KeptList | null {
  if (ranges === '') return null;
  return keepList({
    name,
    read: (mark) => readListUrl(ranges, mark, fetch),
    every: RANGES_EVERY,
    except: [],
    wall,
    changed: () => {},
  });
}

/** Anybody can let an address lead to whatever name; only the name's owner can let it lead back. */
async function leadsThereAndBack(resolver: Resolver, hosts: readonly string[], address: string): Promise<boolean> {
  const names = (await resolver.namesOf(address))
    .slice(0, MOST_NAMES)
    .map((name) => name.toLowerCase().replace(/\.$/, ''));
  for (const name of names) {
    if (!HOST_NAME.test(name) || !hosts.some((host) => name === host || name.endsWith(`.${host}`))) continue;
    const addresses = await resolver.addressesOf(name, address.includes(':') ? 6 : 4);
    if (addresses.some((found) => isSame(found, address))) return true;
  }
  return false;
}

const HOST_NAME = /^[a-z0-9.-]{1,253}$/;

function isSame(found: string, address: string): boolean {
  const parsed = parseAddress(found);
  return parsed !== null && formatAddress(parsed) === address;
}
