import type { Config, RouteConfig } from '../guard/config.ts';
import type { Carrier } from '../guard/decision.ts';
import type { DecisionRecord } from './decision-record.ts';
import { type RouteSeen, shapeOf } from './routebook.ts';

/** A protected route that pages use in a way that cannot sign, and the row that would list it. */
export interface FoundRoute {
  /** `GET /api/posts/:id/image` */
  readonly match: string;
  /** How it was called: `media`, `navigation`, `form`, `beacon`. */
  readonly carriers: readonly Carrier[];
  readonly requests: number;
  /** Sessions that called it so. */
  readonly sessions: number;
  /** The row for `routes`, ready to copy. */
  readonly line: string;
  /**
   * True where the same route is also called with proofs: listing would lower those calls as well. Such a row is
   * written by a person or not at all, because a visitor could otherwise have the API lowered before the switch.
   */
  readonly alsoSigned: boolean;
}

/** What a page's own request may fail by besides its carrier: it shows no proof, and a form has a form's content. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['carrier', 'entry-required', 'content-type']);

/**
 * Routes that `enforce` must know before it switches. Only requests of visitors whose page opened the doors count: a
 * program that calls itself an image must not get its route lowered, nor must another site's page.
 *
 * @param seen routes with their counts; those that passed every check are called with proofs
 */
export function foundRoutes(records: readonly DecisionRecord[], seen: readonly RouteSeen[] = []): FoundRoute[] {
  const signed = new Set(
    seen.filter(({ requests, refused }) => requests > refused).map(({ method, path }) => `${method} ${path}`),
  );
  const found = new Map<string, { carriers: Set<Carrier>; sessions: Set<string>; requests: number }>();
  for (const record of records) {
    if (record.session === '' || !isOwnUse(record)) continue;
    const match = matchFor(record);
    const entry = found.get(match) ?? { carriers: new Set(), sessions: new Set(), requests: 0 };
    entry.carriers.add(record.carrier);
    entry.sessions.add(record.session);
    entry.requests++;
    found.set(match, entry);
  }
  return [...found]
    .map(([match, { carriers, sessions, requests }]) => {
      const names = [...carriers];
      const line = lineFor(match, names);
      return { match, carriers: names, requests, sessions: sessions.size, line, alsoSigned: signed.has(match) };
    })
    .sort((a, b) => a.match.localeCompare(b.match));
}

/** Method and path as a row of `routes` names them. */
export function matchFor({ method, path }: DecisionRecord): string {
  return `${method === 'HEAD' ? 'GET' : method} ${shapeOf(path)}`;
}

function isOwnUse({ trail }: DecisionRecord): boolean {
  return trail.some(({ code }) => code === 'carrier') && trail.every(({ code }) => OWN_FAULTS.has(code));
}

function rowFor(match: string, carriers: readonly Carrier[]): RouteConfig {
  const listed = carriers.filter((carrier) => carrier !== 'beacon');
  // A beacon at the end of a page can sign, by the synchronous key.
  return {
    match,
    ...(listed.length > 0 ? { carriers: listed } : {}),
    ...(carriers.includes('form')
      ? { contentTypes: ['application/x-www-form-urlencoded', 'multipart/form-data'] }
      : {}),
    ...(carriers.includes('beacon') ? { sync: ['beacon'] } : {}),
  };
}

/** One row of `routes`, as people write it. */
export function lineFor(match: string, carriers: readonly Carrier[]): string {
  return toLine(rowFor(match, carriers));
}

function toLine(row: RouteConfig): string {
  const list = (values: readonly string[]): string => `[${values.map((value) => `'${value}'`).join(', ')}]`;
  const fields = Object.entries(row).map(
    ([name, value]) => `${name}: ${Array.isArray(value) ? list(value.map(String)) : `'${String(value)}'`}`,
  );
  return `{ ${fields.join(', ')} },`;
}

/** What a configuration becomes when the found routes are listed. */
export interface Accepted {
  readonly config: Config;
  /** Rows to put in front of `routes`, ready to copy. */
  readonly lines: readonly string[];
}

/**
 * Lists what was found. A configuration without routes of its own gets a row for each protected pattern as well:
 * from the first row on, what is not listed is refused.
 */
export function withFound(config: Config, found: readonly FoundRoute[]): Accepted {
  if (found.length === 0) return { config, lines: [] };
  const own = config.routes ?? [];
  const added: RouteConfig[] = [];
  const changed = own.map((route) => {
    const fitting = found.find(({ match }) => match === route.match);
    return fitting === undefined ? route : { ...lowered(route), ...merged(route, fitting.carriers) };
  });
  for (const { match, carriers } of found) {
    if (!own.some((route) => route.match === match)) added.push(rowFor(match, carriers));
  }
  const rest = own.length > 0 ? [] : (config.protect ?? ['/api/**']).map((match) => ({ match }));
  const shown = [...added, ...changed.filter((route, index) => route !== own[index]), ...rest];
  return { config: { ...config, routes: [...added, ...changed, ...rest] }, lines: shown.map(toLine) };
}

function merged(route: RouteConfig, carriers: readonly Carrier[]): RouteConfig {
  const row = rowFor(route.match, [...new Set([...(route.carriers ?? []), ...carriers])]);
  return { ...row, ...(row.sync ? { sync: [...new Set([...(route.sync ?? []), ...row.sync])] } : {}) };
}

/** A row that said `proof` and now lists what cannot sign would be a contradiction. */
function lowered({ level, ...rest }: RouteConfig): Omit<RouteConfig, 'level'> & Pick<RouteConfig, 'level'> {
  return level === undefined || level === 'proof' ? rest : { ...rest, level };
}
