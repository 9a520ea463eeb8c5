import type { Policy, RouteRule } from './policy.ts';
import { isOtherSpelling } from './rows.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether the method of a rule may change something. */
const changes = ({ method }: RouteRule): boolean => !SAFE.has(method);

/**
 * Rules that let somebody change data of whom nobody is asked who they are. A key beside the page asks nothing of the
 * page. What the backend asks itself is not known here.
 */
export function anonymousWrites({ routes, config }: Policy): readonly RouteRule[] {
  const everything = config.protect?.includes('/**') === true;
  const rows = routes.filter((rule) => changes(rule) && !rule.unlisted && rule.user === null);
  // Other spellings of a row are that row, and nothing is left for the last one where all is protected.
  return rows.filter((rule) => !isOtherSpelling(rule) && !(everything && rule.name === 'default'));
}

/** Rules that let somebody change data who has to be known: what `doctor` proves by asking. */
export function knownWrites({ routes }: Policy): readonly RouteRule[] {
  return routes.filter((rule) => rule.named && changes(rule) && rule.user !== null);
}
