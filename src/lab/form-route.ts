import type { Config, RouteConfig } from '../guard/config.ts';
import type { FormRoute } from './options.ts';

/** The first route of a policy that takes forms and asks for their token; null where there is none. */
export function formRoute({ antiForgery, routes = [] }: Config): FormRoute | null {
  if (antiForgery === undefined) return null;
  for (const route of routes) {
    const [, method = '', path = ''] = /^([A-Z]+) (\/\S*)$/.exec(route.match) ?? [];
    // Names of a pattern stand for what no object is called.
    if (asksForToken(route) && method === 'POST') return { method, path: path.replace(/:\w+|\*+/g, 'lab') };
  }
  return null;
}

const asksForToken = ({ carriers = [], antiForgery }: RouteConfig): boolean =>
  carriers.includes('form') && antiForgery !== 'off';
