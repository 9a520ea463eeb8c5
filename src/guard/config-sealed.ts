import { levelOf } from './carrier.ts';
import type { Config, RouteConfig } from './config.ts';
import type { ConfigProblem } from './errors.ts';

/**
 * Sealed calls (docs/sealed.md). What seals is the page's script, so only what it sends by itself can be sealed: a route that
 * is used in any other way stays as it is, whoever calls it.
 */

/** Whether a route's calls have to come sealed. */
export function isSealed(config: Config, route: RouteConfig): boolean {
  return route.sealed ?? (config.sealed === true && whyNot(route) === '');
}

/** Why a route's calls cannot be sealed: the field that is in the way; '' where nothing is. */
export function whyNot(route: RouteConfig): string {
  const { carriers = [], sync = [], body } = route;
  const other = carriers.find((carrier) => carrier !== 'call' && carrier !== 'stream');
  if (other !== undefined) return `carriers lists ${other}`;
  if (levelOf(route) !== 'proof') return `level is ${levelOf(route)}`;
  if (sync.length > 0) return `sync lists ${sync[0]}`;
  return body === 'unsigned' ? 'body is unsigned' : '';
}

export function sealedProblems({ routes = [] }: Config): ConfigProblem[] {
  return routes.flatMap((route, index) => {
    const why = route.sealed === true ? whyNot(route) : '';
    if (why === '') return [];
    const rule = `only what fetch, XMLHttpRequest and EventSource send with a proof can be sealed, and here ${why}; leave one of the two out`;
    return [{ field: `routes[${index}].sealed`, value: 'true', rule }];
  });
}
