import * as z from 'zod/mini';
import type { Config } from './config.ts';
import * as rules from './config-rules.ts';
import { fields, list, optional, text, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

const NETWORKS = 'write a list of networks, as in ["192.0.2.0/24", "2001:db8::/32"]';
const networks = optional(list(text(rules.block), NETWORKS));
const BITS = 'write a whole number of bits, 32 to 64';

/** The shape of {@link import('./config-addresses.ts').RouteAddressesConfig}. */
export const routeAddressesSchema = fields({ allow: networks, deny: networks });

/** The shape of {@link import('./config-addresses.ts').ListConfig}. */
export const listSchema = fields({
  file: optional(text(rules.nonEmpty)),
  url: optional(text(rules.listUrl)),
  every: optional(whole(60, 'seconds')),
  except: networks,
});

const LISTS = 'write a list, as in [{ file: "drop.txt" }, { url: "https://lists.example/drop.txt" }]';

/** The shape of {@link import('./config-addresses.ts').AddressesConfig}. */
export const addressesSchema = fields({
  allow: networks,
  deny: networks,
  lists: optional(list(listSchema, LISTS)),
  ipv6Prefix: optional(z.int(BITS).check(z.gte(32, BITS), z.lte(64, BITS))),
});

/** What is wrong between fields that are fine alone. */
export function addressProblems(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { addresses, routes = [] } = config;
  for (const [index, { file, url }] of (addresses?.lists ?? []).entries()) {
    if ((file === undefined) !== (url === undefined)) continue;
    const rule = 'a list comes from a file or from a url: write one of them';
    problems.push({ field: `addresses.lists[${index}]`, value: file === undefined ? 'neither' : 'both', rule });
  }
  const all = [
    { at: 'addresses', own: addresses },
    ...routes.map((route, index) => ({ at: `routes[${index}].addresses`, own: route.addresses })),
  ];
  for (const { at, own } of all) {
    const shut = own?.allow?.find((network) => own.deny?.includes(network));
    if (shut !== undefined)
      problems.push({ field: `${at}.deny`, value: JSON.stringify(shut), rule: 'allow names it as well; keep one' });
    if (own?.allow?.length === 0)
      problems.push({ field: `${at}.allow`, value: '[]', rule: 'this lets nobody in; leave it out for everybody' });
  }
  return problems;
}
