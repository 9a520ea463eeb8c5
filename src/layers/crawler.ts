import type { Crawlers } from '../guard/bots.ts';
import { PASS, type Pass } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { namedMethods } from '../guard/methods.ts';

const NO_METHODS: ReadonlySet<string> = new Set();

/**
 * Crawlers that are who they say: they get in without a page on routes that say so, to read. Who only says so is judged as
 * everybody is.
 *
 * @param crawlers null where none are listed
 */
export function createCrawler(crawlers: Crawlers | null): Layer {
  return {
    name: 'crawler',
    forRoute: (route) => {
      if (crawlers === null || !route.bots) return null;
      return (request, context) => {
        if (context.key !== null || (request.method !== 'GET' && request.method !== 'HEAD')) return PASS;
        if (namedMethods(request, NO_METHODS).length > 0) return PASS;
        const found = crawlers.find(request.headers.userAgent, context.address, context.prefix);
        return typeof found === 'string' ? letIn(context, found) : found.then((name) => letIn(context, name));
      };
    },
  };
}

/** Counted and shown like a declared bot: an agent's name has a dot or a port, a crawler's has neither. */
function letIn(context: Context, name: string): Pass {
  if (name === '') return PASS;
  const id = `bot:${name}`;
  context.key = { id, account: id, scopes: [] };
  context.claims.key = id;
  return PASS;
}
