import type { Config, RouteConfig } from '../guard/config.ts';
import type { Carrier } from '../guard/decision.ts';
import { compilePattern } from '../wire/pattern.ts';
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
  /** The row for `routes`, ready to copy; a comment where no pattern names the path and nothing else. */
  readonly line: string;
  /**
   * True where the row would fit what is also called with proofs, or may be: listing would lower those calls as well.
   * Such a row is written by a person or not at all, because a visitor could otherwise have the API lowered before the
   * switch, by an image of an address that is a pattern.
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
  const signed = seen.filter(({ requests, refused }) => requests > refused);
  const found = new Map<string, Found>();
  for (const record of records) {
    // What the backend has not got no page needs; 0 where it was not asked.
    if (record.session === '' || record.status >= 400 || !isOwnUse(record)) continue;
    const match = matchFor(record);
    const entry = found.get(match) ?? { record, carriers: new Set(), sessions: new Set(), requests: 0 };
    entry.carriers.add(record.carrier);
    entry.sessions.add(record.session);
    entry.requests++;
    found.set(match, entry);
  }
  return [...found]
    .map(([match, { record, carriers, sessions, requests }]) => {
      const names = [...carriers];
      const line = lineOf(record, names);
      const alsoSigned = !isNameable(record.path) || fitsSigned(record, signed);
      return { match, carriers: names, requests, sessions: sessions.size, line, alsoSigned };
    })
    .sort((a, b) => a.match.localeCompare(b.match));
}

interface Found {
  /** The first of them. */
  readonly record: DecisionRecord;
  readonly carriers: Set<Carrier>;
  readonly sessions: Set<string>;
  requests: number;
}

/** Method and path as a row of `routes` names them. */
export function matchFor({ method, path }: DecisionRecord): string {
  return `${ruled(method)} ${shapeOf(path)}`;
}

/** HEAD falls under GET's rule. */
const ruled = (method: string): string => (method === 'HEAD' ? 'GET' : method);

/**
 * Whether the pattern made of a path is one, and means what the path says. A visitor writes the path: `*` and a leading
 * `:` in it would name other paths as well.
 */
export function isNameable(path: string): boolean {
  if (/\*|\/:/.test(path)) return false;
  try {
    return compilePattern(shapeOf(path), 'exact').test(path);
  } catch {
    return false;
  }
}

/** Whether the row would fit a route that passes its checks. Beyond what is told apart, any may. */
function fitsSigned({ method, path }: DecisionRecord, signed: readonly RouteSeen[]): boolean {
  const pattern = compilePattern(shapeOf(path), 'exact');
  return signed.some(
    (route) => route.path === '…' || (ruled(route.method) === ruled(method) && pattern.test(route.path)),
  );
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

/** One row of `routes` for what was recorded, as people write it. */
export function lineOf(record: DecisionRecord, carriers: readonly Carrier[]): string {
  return isNameable(record.path)
    ? toLine(rowFor(matchFor(record), carriers))
    : `// ${matchFor(record)}: no pattern names this path and nothing else`;
}

function toLine(row: RouteConfig): string {
  const list = (values: readonly string[]): string => `[${values.map(quoted).join(', ')}]`;
  const fields = Object.entries(row).map(
    ([name, value]) => `${name}: ${Array.isArray(value) ? list(value.map(String)) : quoted(String(value))}`,
  );
  return `{ ${fields.join(', ')} },`;
}

/** A string of TypeScript: what a request brought must not end it. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

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

/** A configuration as it is read from its file, and the routes that were accepted live. */
export const withAccepted = (config: Config, accepted: readonly FoundRoute[]): Config =>
  withFound(config, unlisted(config, accepted)).config;

/** What was accepted live and is not in the file yet. */
function unlisted(config: Config, accepted: readonly FoundRoute[]): FoundRoute[] {
  const listed = (match: string): boolean =>
    (config.routes ?? []).some((row) => row.match === match && row.carriers !== undefined);
  return accepted.filter(({ match }) => !listed(match));
}
