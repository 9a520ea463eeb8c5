import { hostOf, isLoopback } from '../lib/loopback.ts';
import type { ClientRule, Policy } from './policy.ts';

/**
 * Whether pages of this origin may call for this client. Compares the serialised origin as sent, so userinfo,
 * upper case and a trailing dot never pass as somebody else (R26).
 */
export function listsOrigin(policy: Policy, client: ClientRule, origin: string, authority: string): boolean {
  if (isOwnOrigin(policy, client, origin, authority)) return true;
  if (client.origins.has(origin)) return true;
  return client.originPatterns.some((pattern) => pattern.test(origin));
}

/**
 * Whether it is an origin of the gate's own, for a client whose pages the gate serves. `authority` is the one that the
 * request was sent to: a page of `localhost` is ours on the machine where the gate is asked for by that name. To
 * people who come by a public name it is some program on their own machine.
 */
export function isOwnOrigin(policy: Policy, client: ClientRule, origin: string, authority: string): boolean {
  if (!client.self || !policy.ownOrigins.has(origin)) return false;
  const own = origin.slice(origin.indexOf('//') + 2);
  return own === authority || !isLoopback(hostOf(own)) || isLoopback(hostOf(authority));
}
