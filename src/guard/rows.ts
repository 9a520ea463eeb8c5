import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { compilePattern, parseRoute } from '../wire/pattern.ts';
import { NO_COSTS } from './budget.ts';
import { UNSIGNED_CARRIERS } from './carrier.ts';
import { compileChallenge } from './challenge.ts';
import { compileCedarQuestion } from './cedar-question.ts';
import type { Config, Mode, RouteConfig } from './config.ts';
import { type AddressRules, openAddresses, routeAddresses } from './config-addresses.ts';
import { asksForPerson, asksForToken } from './config-person.ts';
import { shareFrom } from './rollout.ts';
import type { Carrier, Level } from './decision.ts';
import { compileCreator } from './creator.ts';
import { compileOwner } from './owner.ts';
import { compileChoices, NO_CHOICES } from './choices.ts';
import { compileCosts } from './config-budget.ts';
import { compileUse } from './config-use.ts';
import { compileOrder, compileStep, NO_ORDER, NO_STEPS } from './order.ts';
import { NO_SCHEMAS, type Schemas } from './schema/rule.ts';
import { compileServed, compileSources, NO_SERVED, NO_SOURCES } from './served.ts';
import { NO_USE } from './use.ts';
import type { ClientRule, Policy, RouteRule, UserRule } from './policy.ts';

/** Bodies of the largest upload that is promised to pass, and its multipart frame. */
const DEFAULT_MAX_BODY = 1024 ** 3 + 64 * 1024;

/** Raw paths whose rule is remembered, and how long they may be; the table starts anew when it is full. */
const REMEMBERED_PATHS = 4096;
const LONGEST_REMEMBERED = 256;

const OTHER_SPELLINGS = ' in other spellings';

/** Whether a row stands for what another one, which the configuration names, leaves out. */
export const isOtherSpelling = ({ name }: RouteRule): boolean => name.endsWith(OTHER_SPELLINGS);

/** What all rows of one policy are made from. */
export interface Ground {
  readonly config: Config;
  readonly mode: Mode;
  readonly clients: ReadonlyMap<string, ClientRule>;
  readonly schemas: Schemas;
  /** Whether protecting rows take other spellings of a path (`paths: 'loose'`). */
  readonly loose: boolean;
  /** What the whole gate asks of an address. */
  readonly addresses: AddressRules;
}

/** A rule, and which requests fall under it. */
export interface Row {
  readonly rule: RouteRule;
  /** Compared with the raw path where the row weakens, with the folded one where it protects (DESIGN §5). */
  readonly exact: boolean;
  readonly test: (path: string, method: string) => boolean;
}

/** Finds the first row that fits; answers for paths seen before from memory. */
export function matcher(rows: readonly Row[], loosePaths: boolean): Policy['match'] {
  const find = (method: string, path: string, folded: string): RouteRule => {
    const protectedPath = loosePaths ? folded : path;
    for (const row of rows) {
      if (takesMethod(row.rule.method, method) && row.test(row.exact ? path : protectedPath, method)) return row.rule;
    }
    return (rows[rows.length - 1] as Row).rule;
  };
  let known = new Map<string, Map<string, RouteRule>>();
  let size = 0;
  return (method, path, folded) => {
    const found = known.get(method)?.get(path);
    if (found !== undefined) return found;
    if (size >= REMEMBERED_PATHS) {
      known = new Map();
      size = 0;
    }
    const rule = find(method, path, folded);
    if (path.length > LONGEST_REMEMBERED || method.length > LONGEST_REMEMBERED) return rule;
    const paths = known.get(method) ?? new Map<string, RouteRule>();
    // A copy: the path was cut out of a target, and would keep all of its query alive.
    known.set(method, paths.set(Buffer.from(path).toString(), rule));
    size++;
    return rule;
  };
}

/** HEAD falls under GET's rule (RFC 9110 §9.3.2). */
const takesMethod = (rowMethod: string, method: string): boolean =>
  rowMethod === '' || rowMethod === method || (rowMethod === 'GET' && method === 'HEAD');

/** The order is the policy: exceptions, named routes, what is protected, everything else. */
export function compileRows(ground: Ground): Row[] {
  const { config, loose } = ground;
  const protect = config.protect ?? ['/api/**'];
  const routes = config.routes ?? [];
  const rows: Row[] = [];
  for (const text of config.open ?? []) rows.push(openRow(ground, text));
  for (const [index, route] of routes.entries()) rows.push(routeRow(ground, route, index));
  if (loose) rows.push(...otherSpellings(rows, protect));
  rows.push(...methodRows(ground, routes));
  for (const text of protect) rows.push(...protectRows(ground, text, routes));
  rows.push({
    rule: baseRule(ground, { name: 'default', level: 'open' }),
    exact: false,
    test: () => true,
  });
  return [...decoyRows(ground, rows), ...rows];
}

/** A decoy is judged as its path would be without it: what it answers must not tell it from any other name. */
function decoyRows({ config, loose }: Ground, rows: readonly Row[]): Row[] {
  const find = matcher(rows, loose);
  return (config.decoys ?? []).map((text) => {
    const { method, pattern } = parseRoute(text);
    const path = sampleOf(pattern);
    const rule = Object.freeze({ ...find(method || 'GET', path, path), name: `decoy ${text}`, method, decoy: text });
    return { rule, exact: !loose, test: tester(pattern, !loose) };
  });
}

function openRow(ground: Ground, text: string): Row {
  const { method, pattern } = parseRoute(text);
  const rule = baseRule(ground, {
    name: `open ${text}`,
    method,
    pattern,
    level: 'open',
    addresses: openAddresses(ground.addresses),
  });
  return { rule, exact: true, test: tester(pattern, true) };
}

function routeRow(ground: Ground, route: RouteConfig, index: number): Row {
  const { method, pattern } = parseRoute(route.match);
  const step = compileStep(ground.config, route.match);
  const schemas = ground.schemas.of(route, index);
  const wide = ground.config.maxBody ?? DEFAULT_MAX_BODY;
  const rule = baseRule(ground, {
    name: route.match,
    method,
    pattern,
    named: true,
    level: levelOf(route),
    carriers: new Set<Carrier>(route.carriers ?? []),
    bodySigned: route.body !== 'unsigned',
    encodedOpaque: route.encoded === 'opaque',
    sync: new Set(route.sync ?? []),
    client: clientNamed(ground.clients, route.client ?? 'default'),
    mode: route.mode ?? ground.mode,
    rollout: shareFrom(route.rollout, shareFrom(ground.config.rollout)),
    maxBody: route.maxBody ?? (schemas.some(({ body }) => body !== null) ? HELD_BODY_BYTES : wide),
    contentTypes: (route.contentTypes ?? []).map((type) => type.toLowerCase()),
    signed: route.signed ?? [],
    user: userRule(route),
    keys: route.keys ?? null,
    keySignUp: route.keys === undefined ? '' : (ground.config.keys?.signUp ?? ''),
    bots: route.bots === true,
    antiForgery: asksForToken(route, ground.config),
    addresses: routeAddresses(ground.addresses, route),
    use: compileUse(ground.config, route, levelOf(route)),
    choices: compileChoices(route),
    degrade: route.degrade ?? null,
    costs: compileCosts(ground.config, route),
    challenge: compileChallenge(ground.config, route),
    orders: compileOrder(route),
    steps: step === null ? NO_STEPS : [step],
    served: compileServed(route),
    sources: compileSources(ground.config, route.match),
    schemas,
    whenUnsure: route.whenUnsure ?? ground.config.whenUnsure ?? 'reads',
  });
  const reachesFewer = rule.rollout < shareFrom(ground.config.rollout);
  const exact = weakens(rule) || route.mode === 'report' || reachesFewer || !ground.loose;
  return { rule, exact, test: rule.encodedOpaque ? opaqueTester(pattern) : tester(pattern, exact) };
}

/**
 * A row that fits exact bytes only leaves the other spellings of its path to `protect`. Where no protected pattern
 * takes them they would be open, so there they get what the row itself asks for.
 */
function otherSpellings(rows: readonly Row[], protect: readonly string[]): Row[] {
  const guarded = protect.map((text) => {
    const { method, pattern } = parseRoute(text);
    return { method, test: tester(pattern, false) };
  });
  const isProtected = (path: string, method: string): boolean =>
    guarded.some((row) => takesMethod(row.method, method) && row.test(path));
  return rows
    .filter(({ exact, rule }) => exact && rule.named && !isProtected(sampleOf(rule.pattern), rule.method))
    .map(({ rule }) => {
      const test = tester(rule.pattern, false);
      return {
        rule: Object.freeze({
          ...rule,
          name: rule.name + OTHER_SPELLINGS,
          encodedOpaque: false,
          named: false,
          keys: null,
          keySignUp: '',
          bots: false,
        }),
        exact: false,
        test: (path, method) => test(path) && !isProtected(path, method),
      };
    });
}

/** Some path that a pattern fits: one that no other pattern names by chance. */
export function sampleOf(pattern: string): string {
  return pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'sample-of-a-name');
}

/** Whether a rule asks for less than `protect` would: then only the exact bytes may choose it. */
function weakens(rule: RouteRule): boolean {
  const { level, bodySigned, encodedOpaque, sync, keys } = rule;
  return level !== 'proof' || !bodySigned || encodedOpaque || sync.size > 0 || keys !== null || rule.bots;
}

/** Roles, scopes and questions all speak of a person, so each of them asks for a login. */
function userRule(route: RouteConfig): UserRule | null {
  if (!asksForPerson(route)) return null;
  const { user, roles = [], scopes = [], can = null, owner, creator, cedar } = route;
  const { maxAge = 0, acr = [] } = typeof user === 'object' ? user : {};
  return Object.freeze({
    roles,
    scopes,
    maxAge,
    acr,
    can,
    owner: owner === undefined ? null : compileOwner(owner),
    creator: creator === undefined ? null : compileCreator(creator, route.match),
    cedar: cedar === undefined ? null : compileCedarQuestion(cedar),
  });
}

/** A route that lists a carrier which cannot sign has the lower level for every request. */
function levelOf(route: RouteConfig): Level {
  if (route.level !== undefined) return route.level;
  const lowers = (route.carriers ?? []).some((carrier) => UNSIGNED_CARRIERS.has(carrier));
  return lowers ? 'session' : 'proof';
}

/**
 * A protected pattern is one row at level `proof`; where the configuration names routes, what it does not name
 * is refused (default deny), with 405 where only the method is missing.
 */
function protectRows(ground: Ground, text: string, routes: readonly RouteConfig[]): Row[] {
  const { method, pattern } = parseRoute(text);
  const test = tester(pattern, !ground.loose);
  const use = compileUse(ground.config, null, 'proof');
  const common = { method, pattern, level: 'proof' as Level, use };
  const rows: Row[] = [];
  rows.push({
    rule: baseRule(ground, { ...common, name: `protect ${text}`, unlisted: routes.length > 0 }),
    exact: !ground.loose,
    test,
  });
  return rows;
}

/** For each path that is listed with some methods: the row that answers all others with 405. */
function methodRows(ground: Ground, routes: readonly RouteConfig[]): Row[] {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const { method, pattern } = parseRoute(route.match);
    if (method === '') continue;
    methods.set(pattern, [...(methods.get(pattern) ?? []), method]);
  }
  return [...methods].map(([pattern, allow]) => ({
    rule: baseRule(ground, {
      name: `unlisted method of ${pattern}`,
      pattern,
      level: 'proof',
      unlisted: true,
      allow,
    }),
    exact: !ground.loose,
    test: tester(pattern, !ground.loose),
  }));
}

function tester(pattern: string, exact: boolean): (path: string) => boolean {
  const compiled = compilePattern(pattern, exact ? 'exact' : 'folded');
  return (path) => compiled.test(path);
}

/** Where encoded slashes are data, what they encode can hide no dot segment. */
function opaqueTester(pattern: string): (path: string) => boolean {
  const compiled = compilePattern(pattern, 'opaque');
  return (path) => compiled.test(path);
}

export function baseRule(ground: Ground, own: Partial<RouteRule> & { readonly name: string }): RouteRule {
  return Object.freeze({
    method: '',
    pattern: '/**',
    level: 'open' as Level,
    carriers: new Set<Carrier>(),
    bodySigned: true,
    encodedOpaque: false,
    sync: new Set<'beacon' | 'sync' | 'url'>(),
    client: clientNamed(ground.clients, 'default'),
    mode: ground.mode,
    rollout: shareFrom(ground.config.rollout),
    maxBody: ground.config.maxBody ?? DEFAULT_MAX_BODY,
    contentTypes: [],
    signed: [],
    user: null,
    keys: null,
    keySignUp: '',
    bots: false,
    antiForgery: false,
    decoy: '',
    addresses: ground.addresses,
    use: NO_USE,
    choices: NO_CHOICES,
    degrade: null,
    costs: NO_COSTS,
    challenge: null,
    orders: NO_ORDER,
    steps: NO_STEPS,
    served: NO_SERVED,
    sources: NO_SOURCES,
    schemas: NO_SCHEMAS,
    whenUnsure: ground.config.whenUnsure ?? 'reads',
    named: false,
    unlisted: false,
    allow: [],
    also: [],
    ...own,
  });
}

function clientNamed(clients: ReadonlyMap<string, ClientRule>, name: string): ClientRule {
  const client = clients.get(name);
  if (client === undefined) throw new TypeError(`client: "${name}" is not listed under clients`);
  return client;
}
