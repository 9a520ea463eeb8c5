import { nameOf, openLists } from '../addresses/lists.ts';
import { compileBans } from '../guard/config-bans.ts';
import type { Config } from '../guard/config.ts';
import { type CrawlerRule, crawlersOf } from '../guard/config-bots.ts';
import { DEFAULT_LIST_SECONDS, type RouteAddressesConfig } from '../guard/config-addresses.ts';
import { listCounts } from './list-words.ts';

/** From which networks, a line for each rule. */
export function describeAddresses(config: Config): string[] {
  const { addresses, routes = [] } = config;
  return [
    ...bansOf(config),
    ...crawlersOf(config).map(crawlerLine),
    ...rulesIn('everything', addresses ?? {}),
    ...routes.flatMap((route) => rulesIn(route.match, route.addresses ?? {})),
    ...(addresses?.ipv6Prefix === undefined ? [] : [`an IPv6 subscriber is known by a /${addresses.ipv6Prefix}`]),
  ];
}

function bansOf(config: Config): string[] {
  const rule = compileBans(config);
  if (rule === null) return [];
  const codes = ['calls of decoys', ...rule.codes].join(', ');
  const first = `${rule.after} failed calls in ${rule.within / 1000} s (${codes}) ban a session or key for 60 s`;
  return [
    `${first}, then for longer each time, ${rule.longest / 1000} s at most; three sessions of a user in a day, the user`,
    ...(rule.prefix === 0
      ? []
      : [`three sessions of a network banned in ten minutes: no new ones from there for ${rule.prefix / 1000} s`]),
  ];
}

function crawlerLine({ name, agent, hosts, ranges }: CrawlerRule): string {
  const from = [
    ...hosts.map((host) => `a host under ${host}`),
    ...(ranges === '' ? [] : ['a network that it publishes']),
  ];
  return `the crawler ${name} (${agent}) reads routes with bots, from ${from.join(' or ')}`;
}

function rulesIn(where: string, { allow, deny }: RouteAddressesConfig): string[] {
  return [
    ...(allow === undefined ? [] : [`${where}: only from ${allow.join(', ')}`]),
    ...(deny === undefined ? [] : [`${where}: not from ${deny.join(', ')}`]),
  ];
}

/** Lists in files are read here and now; those at addresses only by a running gate. */
export async function readLists({ addresses }: Config): Promise<string[]> {
  const lines: string[] = [];
  for (const list of addresses?.lists ?? []) {
    const often = `read every ${list.every ?? DEFAULT_LIST_SECONDS} s`;
    if (list.file === undefined) {
      lines.push(`nobody on the list ${nameOf(list)}: ${often} by the gate; \`sallyport status\` shows it`);
      continue;
    }
    const opened = await openLists({ lists: [list], fetch, wall: Date.now });
    for (const status of opened.status())
      lines.push(`nobody on the list ${status.name}: ${listCounts(status)}, ${often}`);
    opened.close();
  }
  return lines;
}
