import { parseRoute } from '../wire/pattern.ts';
import type { Config, RouteConfig } from './config.ts';
import { type JsonStep, parseJsonPath } from './json-path.ts';
import { compileParam, namesIn } from './params.ts';
import { ruleNumber } from './use.ts';

/** Only ids that this session was given: part of {@link RouteConfig}. */
export interface ServedConfig {
  /** Which `:name` of this route's pattern holds the id. Default: the only one. */
  param?: string;
  /** Routes, as their `match` is written, whose JSON answers give ids. */
  from: string | string[];
  /** Where the ids stand in these answers, as in `$.posts[*].id`. */
  at: string | string[];
  /**
   * Ids a minute that the address of the page names instead, so that deep links and bookmarks work: of the calls' Referer,
   * which a program can write as it likes. Default 20; 0 for none.
   */
  linked?: number;
  /** Addresses of pages that name such ids, as in `/posts/:id`: where the HTML of a page holds one, its id is given. */
  pages?: string | string[];
}

/** What a route asks of the id in its path. */
export interface ServedRule {
  /** The same for all rules whose ids come of the same routes and places. */
  readonly number: number;
  readonly name: string;
  /** Ids a minute by the page's address. */
  readonly linked: number;
  readonly pages: readonly PagePattern[];
  /** The id in a path; '' where it names none. */
  idIn(path: string): string;
}

/** What a route's answers give. */
export interface ServedSource {
  readonly number: number;
  readonly at: readonly (readonly JsonStep[])[];
}

/** One id of one request. */
export interface ServedClaim {
  readonly rule: ServedRule;
  readonly id: string;
  /**
   * Ids a minute that may come of where this one comes of, if it was not given: the page's address, its HTML; 0 of nowhere.
   * Found out when it is first read: state that knows the id need not ask.
   */
  readonly otherwise: number;
}

/** Addresses of pages, as they stand in HTML. */
export interface PagePattern {
  /** Finds them; the first group is the id, as it is written there. */
  readonly inHtml: RegExp;
  /** The id that is meant: of bytes as latin1. */
  idOf(written: string): string;
}

/** Ids a minute that a session takes up of pages' HTML: more than anybody looks at. */
export const PAGED_PER_MINUTE = 240;

/** Ids of a session and source that are remembered: beyond, the oldest is forgotten. */
export const MOST_SERVED = 4096;
/** Longer ones are never given, and never used. */
export const LONGEST_SERVED = 255;

export const NO_SERVED: readonly ServedRule[] = Object.freeze([]);
export const NO_SOURCES: readonly ServedSource[] = Object.freeze([]);
/** For requests that name no id. Compared by identity. */
export const NO_IDS: readonly ServedClaim[] = Object.freeze([]);

const DEFAULT_LINKED = 20;

const listOf = (one: string | string[]): readonly string[] => (Array.isArray(one) ? one : [one]);

const rulesOf = ({ served }: RouteConfig): readonly ServedConfig[] =>
  served === undefined ? [] : Array.isArray(served) ? served : [served];

const nameOf = ({ from, at, pages = [] }: ServedConfig): string => {
  const held = listOf(pages).length === 0 ? '' : ` on ${sorted(pages)}`;
  return `served from ${sorted(from)} at ${sorted(at)}${held}`;
};

const sorted = (names: string | string[]): string => [...listOf(names)].sort().join(', ');

/** What stands between two slashes in HTML and in JSON within it. */
const SEGMENT = String.raw`[^/?#"'&<>\s\\]{1,255}`;

/** `/posts/:id`: the last name is the id. In JSON a slash may be escaped. */
function pagePattern(pattern: string): PagePattern {
  const segments = pattern.split('/').slice(1);
  const id = segments.findLastIndex((segment) => segment.startsWith(':'));
  const source = segments
    .map((segment, index) => {
      if (!segment.startsWith(':')) return RegExp.escape(segment);
      return index === id ? `(${SEGMENT})` : SEGMENT;
    })
    .join(String.raw`\\?/`);
  return Object.freeze({ inHtml: new RegExp(String.raw`\\?/${source}`, 'g'), idOf });
}

function idOf(written: string): string {
  const text = Buffer.from(written, 'latin1').toString();
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a route's `served` comes to. */
export function compileServed(route: RouteConfig): readonly ServedRule[] {
  const rules = rulesOf(route);
  if (rules.length === 0) return NO_SERVED;
  const { pattern } = parseRoute(route.match);
  return Object.freeze(
    rules.map((rule) => {
      const param = rule.param ?? namesIn(pattern)[0] ?? '';
      const name = nameOf(rule);
      const paramOf = compileParam(pattern, param);
      const idIn = (path: string): string => {
        const id = paramOf(path);
        return id.length > LONGEST_SERVED ? '' : id;
      };
      const pages = rule.pages === undefined ? [] : listOf(rule.pages).map(pagePattern);
      return Object.freeze({ number: ruleNumber(name), name, linked: rule.linked ?? DEFAULT_LINKED, pages, idIn });
    }),
  );
}

/** What the answers of a route give, because others ask for it. */
export function compileSources({ routes = [] }: Config, match: string): readonly ServedSource[] {
  const asked = routes.flatMap((route) => rulesOf(route).filter(({ from }) => listOf(from).includes(match)));
  if (asked.length === 0) return NO_SOURCES;
  const sources = new Map<number, ServedSource>();
  for (const rule of asked) {
    const number = ruleNumber(nameOf(rule));
    sources.set(number, { number, at: listOf(rule.at).map(parseJsonPath) });
  }
  return Object.freeze([...sources.values()]);
}

/** What is wrong with a route's `served`: which field, and the rule. */
export function servedTrouble(
  route: RouteConfig,
  matches: readonly string[],
): readonly { readonly index: number; readonly field: 'param' | 'from'; readonly rule: string }[] {
  const names = namesIn(parseRoute(route.match).pattern);
  return rulesOf(route).flatMap((served, index) => {
    const missing = listOf(served.from).find((match) => !matches.includes(match));
    const from =
      missing === undefined ? [] : [{ index, field: 'from' as const, rule: `list the route "${missing}" as well` }];
    const { param } = served;
    if (param !== undefined ? names.includes(param) : names.length === 1) return from;
    const rule =
      param !== undefined
        ? `the route’s match has no :${param}`
        : names.length === 0
          ? 'the route’s match names no object, as in /:id'
          : `say which of ${names.join(', ')}`;
    return [...from, { index, field: 'param' as const, rule }];
  });
}
