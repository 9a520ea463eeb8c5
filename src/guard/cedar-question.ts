import type { CedarRouteConfig } from './config-authorization.ts';
import { namesIn, type Params } from './params.ts';

/** An entity of Cedar: `Post::"7"`. */
export interface EntityName {
  readonly type: string;
  readonly id: string;
}

/** The question that stands for a route. */
export interface CedarRule {
  readonly action: EntityName;
  resource(params: Params): EntityName;
}

const PATH = '[A-Za-z_]\\w*(?:::[A-Za-z_]\\w*)*';
const ENTITY = new RegExp(`^(${PATH})::"([^"\\\\]*)"$`);
const PLACE = /:([A-Za-z_]\w*)/g;

/** Compiles a checked question; throws TypeError for what {@link cedarTrouble} complains of. */
export function compileCedarQuestion(question: CedarRouteConfig): CedarRule {
  const action = actionOf(question.action);
  const template = ENTITY.exec(question.resource);
  if (action === null || template === null) throw new TypeError('cedar: action and resource name one entity each');
  const [, type = '', id = ''] = template;
  return Object.freeze({
    action,
    // What the request names becomes an id as a value: no text of policies is ever made of it.
    resource: ({ decoded }: Params) => ({ type, id: id.replace(PLACE, (_, name: string) => decoded[name] ?? '') }),
  });
}

function actionOf(text: string): EntityName | null {
  const full = ENTITY.exec(text);
  if (full !== null) return { type: full[1] ?? '', id: full[2] ?? '' };
  return /^[^"\\:]+$/.test(text) ? { type: 'Action', id: text } : null;
}

/** What is wrong with a question, between its parts and the pattern of its route; null for nothing. */
export function cedarTrouble(question: CedarRouteConfig, pattern: string): { field: string; rule: string } | null {
  if (actionOf(question.action) === null)
    return { field: 'action', rule: 'write the action’s name, as in deletePost or Blog::Action::"deletePost"' };
  const id = ENTITY.exec(question.resource)?.[2];
  if (id === undefined) return { field: 'resource', rule: 'write one entity, as in Post::":id"' };
  const known = namesIn(pattern);
  const missing = [...id.matchAll(PLACE)].map(([, name = '']) => name).find((name) => !known.includes(name));
  if (missing === undefined) return null;
  const has = known.length === 0 ? 'none' : known.map((name) => `:${name}`).join(', ');
  return { field: 'resource', rule: `the route’s match has no :${missing}; of such names it has ${has}` };
}
