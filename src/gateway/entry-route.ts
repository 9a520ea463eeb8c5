import type { RouteRule } from '../guard/policy.ts';

/** The row of the policy that the second door itself falls under: its name is the mount with `/enter`. */
export function isEntryRoute(route: RouteRule): boolean {
  return route.name === `${route.pattern}/enter`;
}
