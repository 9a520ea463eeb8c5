import { foldPath, pathTrouble } from '../wire/fold.ts';
import { compilePattern, parseRoute } from '../wire/pattern.ts';
import { type JsonStep, parseJsonPath } from './json-path.ts';
import { compileParam, namesIn } from './params.ts';
import type { Eventually } from '../lib/eventually.ts';
import { refusal } from './decision.ts';
import type { Subject } from './subject.ts';

/** Only who created an object may do this: part of {@link import('./config.ts').RouteConfig}. */
export interface CreatorConfig {
  /** The route that creates such objects, exactly as its `match` says it: `POST /api/posts`. */
  of: string;
  /** Where in its JSON answer the new object's id stands. Default `$.id`. */
  at?: string;
  /** Which `:name` of this route's pattern holds the id. Default: the only one. */
  param?: string;
}

/** Why a call is refused whose object has no creator that anybody knows. */
export const NOBODYS = refusal('forbidden', 'an object that somebody created, as this gate saw it');

/** The compiled form. */
export interface CreatorRule {
  readonly of: string;
  readonly at: readonly JsonStep[];
  /** The object that a call to this path names; '' for none that could belong to anybody. */
  idIn(path: string): string;
  /** The object that lies at an address, as a backend writes it into `Location`; '' for none. */
  idAt(location: string, origin: string): string;
}

/** Who created what, as the gate saw it happen. */
export interface Creations {
  /** `source:id` of the creator; null where nobody is known. Rejects where records cannot be reached. */
  creatorOf(of: string, id: string): Eventually<string | null>;
  /** Remembers it; see {@link keepsFirst}. */
  record(creation: Creation): Eventually<void>;
  /** The object is gone; its id may come again as another's. */
  forget(of: string, id: string): Eventually<void>;
}

export interface Creation {
  readonly of: string;
  readonly id: string;
  readonly subject: Subject;
  /** Whether a creator that is known already stays: the answer did not say that the object is new (201). */
  readonly keepsFirst: boolean;
}

/** Longest id of an object; longer ones belong to nobody. */
const LONGEST_ID = 255;

/** Compiles a checked configuration. */
export function compileCreator({ of, at = '$.id', param }: CreatorConfig, match: string): CreatorRule {
  const { pattern } = parseRoute(match);
  const name = param ?? namesIn(pattern)[0] ?? '';
  const paramOf = compileParam(pattern, name);
  const { test } = compilePattern(pattern);
  const idIn = (path: string): string => toId(paramOf(path));
  return Object.freeze({
    of,
    at: parseJsonPath(at),
    idIn,
    idAt(location: string, origin: string) {
      const path = ownPath(location, origin);
      return path !== '' && test(foldPath(path)) ? idIn(path) : '';
    },
  });
}

/** What may be an object's id, else ''. */
export const toId = (text: string): string => (text.length > LONGEST_ID ? '' : text);

/** Nothing empty, no parameters, neither query nor fragment: an object's own address, in one spelling. */
const PLAIN = /^(?:\/[^/?#;]+)+\/?$/;

/** The path of an address (RFC 9110 §10.2.2) that is this origin's own; '' for one that is not, or is not plain. */
function ownPath(location: string, origin: string): string {
  const path = location.startsWith(`${origin}/`) ? location.slice(origin.length) : location;
  return PLAIN.test(path) && pathTrouble(path) === '' ? path : '';
}

const CREATING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** What is wrong between this rule, the pattern of its route, and the routes there are; null for nothing. */
export function creatorTrouble(
  { of, param }: CreatorConfig,
  match: string,
  matches: readonly string[],
): { readonly field: 'of' | 'param'; readonly rule: string } | null {
  if (!matches.includes(of))
    return { field: 'of', rule: 'list the route that creates these objects, and repeat its match' };
  // Whoever reads an object first would be its creator.
  if (!CREATING.has(parseRoute(of).method))
    return { field: 'of', rule: 'name the method that creates: POST, PUT or PATCH' };
  const names = namesIn(parseRoute(match).pattern);
  if (param !== undefined) {
    return names.includes(param) ? null : { field: 'param', rule: `the route’s match has no :${param}` };
  }
  if (names.length === 1) return null;
  const rule =
    names.length === 0 ? 'the route’s match names no object, as in /:id' : `say which of ${names.join(', ')}`;
  return { field: 'param', rule };
}
