import { type NetworkSet, networkSet } from '../lib/network-set.ts';
import type { Config, RouteConfig } from './config.ts';

/** By network, for the whole gate. */
export interface AddressesConfig {
  /** Only these networks get in. Default: all. */
  allow?: string[];
  /** These networks do not. Default: none. */
  deny?: string[];
  /** Published lists of networks that do not get in, by file or address. */
  lists?: ListConfig[];
  /** Bits of an IPv6 address by which one subscriber is known, 32 to 64. Default 56. */
  ipv6Prefix?: number;
}

/** By network, for one route; holds beside what the whole gate has. */
export interface RouteAddressesConfig {
  allow?: string[];
  deny?: string[];
}

export interface ListConfig {
  /** A file; read again when it has changed. */
  file?: string;
  /** Or an https address; asked for what is newer. */
  url?: string;
  /** Seconds between two readings. Default 3600. */
  every?: number;
  /** Networks that this list does not concern. */
  except?: string[];
}

export const DEFAULT_LIST_SECONDS = 3600;
export const DEFAULT_IPV6_PREFIX = 56;

/** What one route asks of an address: all of it. */
export interface AddressRules {
  /** In each of these. */
  readonly allow: readonly NetworkSet[];
  /** In none of these. */
  readonly deny: readonly NetworkSet[];
  /** On none of the published lists. */
  readonly lists: boolean;
}

/** For routes that any address may call. Compared by identity. */
export const ANY_ADDRESS: AddressRules = Object.freeze({
  allow: Object.freeze([]),
  deny: Object.freeze([]),
  lists: false,
});

/** What the whole gate asks. */
export function compileAddresses({ addresses }: Config): AddressRules {
  const { allow, deny, lists = [] } = addresses ?? {};
  return bothAddresses(rulesOf({ allow, deny }), lists.length === 0 ? ANY_ADDRESS : { ...ANY_ADDRESS, lists: true });
}

/** What one route asks. What `open` excepts is left only what was denied by hand: its callers have no second way. */
export function routeAddresses(common: AddressRules, route: RouteConfig): AddressRules {
  return route.addresses === undefined ? common : bothAddresses(rulesOf(route.addresses), common);
}

export const openAddresses = (common: AddressRules): AddressRules =>
  common.deny.length === 0 ? ANY_ADDRESS : Object.freeze({ ...ANY_ADDRESS, deny: common.deny });

/** All of both. */
export function bothAddresses(first: AddressRules, second: AddressRules): AddressRules {
  if (second === ANY_ADDRESS || first === second) return first;
  if (first === ANY_ADDRESS) return second;
  return Object.freeze({
    allow: [...new Set([...first.allow, ...second.allow])],
    deny: [...new Set([...first.deny, ...second.deny])],
    lists: first.lists || second.lists,
  });
}

function rulesOf({ allow, deny }: { allow?: string[] | undefined; deny?: string[] | undefined }): AddressRules {
  if (allow === undefined && deny === undefined) return ANY_ADDRESS;
  return Object.freeze({
    allow: allow === undefined ? [] : [networkSet(allow)],
    deny: deny === undefined ? [] : [networkSet(deny)],
    lists: false,
  });
}
