import type { ClientRule, Policy } from './policy.ts';

/**
 * Whether pages of this origin may call for this client. Compares the serialised origin as sent, so userinfo,
 * upper case and a trailing dot never pass as somebody else (R26).
 */
export function listsOrigin(policy: Policy, client: ClientRule, origin: string): boolean {
  if (client.self && policy.ownOrigins.has(origin)) return true;
  if (client.origins.has(origin)) return true;
  return client.originPatterns.some((pattern) => pattern.test(origin));
}
