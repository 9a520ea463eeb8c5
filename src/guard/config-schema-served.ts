import * as z from 'zod/mini';
import type { Config } from './config.ts';
import * as rules from './config-rules.ts';
import { fields, list, optional, text, whole } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';
import { parseJsonPath } from './json-path.ts';
import { servedTrouble } from './served.ts';

const place: rules.Rule = (value) => {
  try {
    parseJsonPath(value);
    return '';
  } catch {
    return 'write a path into the answer, as in $.posts[*].id';
  }
};

const page: rules.Rule = (value) =>
  /^(?:\/(?::[A-Za-z_]\w*|[\w.~-]+))+$/.test(value) && value.includes('/:')
    ? ''
    : 'write an address with a name for the id, as in /posts/:id';

const FROM = 'write the match of another route, as in "GET /api/posts", or a list of them';
const AT = 'write a path into the answer, as in "$.posts[*].id", or a list of them';
const PAGES = 'write the address of a page, as in "/posts/:id", or a list of them';
const SERVED = 'write an object, as in { from: "GET /api/posts", at: "$[*].id" }, or a list of them';

const one = fields({
  param: optional(text(rules.nonEmpty)),
  from: z.union([text(rules.route), list(text(rules.route), FROM)], FROM),
  at: z.union([text(place), list(text(place), AT)], AT),
  linked: optional(whole(0, 'ids a minute')),
  pages: optional(z.union([text(page), list(text(page), PAGES)], PAGES)),
});

/** The shape of {@link import('./served.ts').ServedConfig}. */
export const servedSchema = z.union([one, list(one, SERVED)], SERVED);

/** Ids that nobody is ever given, and those of nobody's session. */
export function servedProblems({ routes = [] }: Config): ConfigProblem[] {
  const matches = routes.map(({ match }) => match);
  return routes.flatMap((route, at) => {
    const { served, level } = route;
    if (served === undefined) return [];
    const field = `routes[${at}].served`;
    if (level === 'open' || level === 'site') {
      const rule = `level "${level}" asks for no session that ids could be given to; raise the level`;
      return [{ field, value: 'an object', rule }];
    }
    return servedTrouble(route, matches).map((trouble) => {
      const one = Array.isArray(served) ? served[trouble.index] : served;
      const index = Array.isArray(served) ? `[${trouble.index}]` : '';
      const value = JSON.stringify(one?.[trouble.field]) ?? 'nothing';
      return { field: `${field}${index}.${trouble.field}`, value, rule: trouble.rule };
    });
  });
}
