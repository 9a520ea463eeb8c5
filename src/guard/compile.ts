import { compilePattern, parseRoute } from '../wire/pattern.ts';
import {
  DEFAULT_MOUNT,
  SESSION_COOKIE,
  SESSION_IDLE_SECONDS,
  SESSION_MAX_SECONDS,
  STAMP_COOKIE,
} from '../wire/constants.ts';
import { UNSIGNED_CARRIERS } from './carrier.ts';
import type { ClientConfig, Config, Mode, RouteConfig } from './config.ts';
import type { Carrier, Level } from './decision.ts';
import type { ClientRule, Policy, RouteRule } from './policy.ts';

/** Bodies of the largest upload that is promised to pass, and its multipart frame. */
const DEFAULT_MAX_BODY = 1024 ** 3 + 64 * 1024;
const DEFAULT_LISTEN = '127.0.0.1:4000';
/** Sessions whose page has not opened the second door for this long do not open `session` routes. */
const DEFAULT_RECENT_SECONDS = 3600;

/** Raw paths whose rule is remembered, and how long they may be; the table starts anew when it is full. */
const REMEMBERED_PATHS = 4096;
const LONGEST_REMEMBERED = 256;

interface Row {
  readonly rule: RouteRule;
  /** Compared with the raw path where the row weakens, with the folded one where it protects (DESIGN §5). */
  readonly exact: boolean;
  readonly test: (path: string, method: string) => boolean;
}

/** Compiles a checked configuration. Throws TypeError where a pattern cannot be compiled. */
export function compilePolicy(config: Config): Policy {
  const mode = config.mode ?? 'report';
  const mount = config.mount ?? DEFAULT_MOUNT;
  const clients = compileClients(config.clients ?? {});
  const loosePaths = config.paths !== 'exact';
  const rows = compileRows(config, mode, clients, loosePaths);
  const authorities = listedAuthorities(config);
  return Object.freeze({
    config,
    mode,
    mount,
    routes: rows.map((row) => row.rule),
    mountRoute: baseRule(config, mode, clients, {
      name: `${mount}/enter`,
      pattern: mount,
      level: 'site',
      maxBody: 4096,
      client: anyOf(clients),
    }),
    assetRoute: baseRule(config, mode, clients, { name: `${mount}/**`, pattern: `${mount}/**` }),
    clients,
    authorities,
    ownOrigins: ownOrigins(config, authorities),
    layerModes: new Map(Object.entries(config.layers ?? {})),
    loosePaths,
    stampCookie: config.cookies?.stamp ?? STAMP_COOKIE,
    sessionCookie: config.cookies?.session ?? SESSION_COOKIE,
    session: {
      idle: config.session?.idle ?? SESSION_IDLE_SECONDS,
      max: config.session?.max ?? SESSION_MAX_SECONDS,
      recent: config.session?.recent ?? DEFAULT_RECENT_SECONDS,
    },
    mint: { perPrefix: config.mint?.perPrefix ?? 60, total: config.mint?.total ?? 6000 },
    insecureHttp: config.insecureHttp === true,
    match: matcher(rows, loosePaths),
  });
}

function matcher(rows: readonly Row[], loosePaths: boolean): Policy['match'] {
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
function compileRows(config: Config, mode: Mode, clients: ReadonlyMap<string, ClientRule>, loose: boolean): Row[] {
  const protect = config.protect ?? ['/api/**'];
  const routes = config.routes ?? [];
  const rows: Row[] = [];
  for (const text of config.open ?? []) rows.push(openRow(config, mode, clients, text));
  for (const route of routes) rows.push(routeRow(config, mode, clients, route, loose));
  if (loose) rows.push(...otherSpellings(rows, protect));
  for (const text of protect) rows.push(...protectRows(config, mode, clients, text, routes, loose));
  rows.push({
    rule: baseRule(config, mode, clients, { name: 'default', level: 'open' }),
    exact: false,
    test: () => true,
  });
  return rows;
}

function openRow(config: Config, mode: Mode, clients: ReadonlyMap<string, ClientRule>, text: string): Row {
  const { method, pattern } = parseRoute(text);
  const rule = baseRule(config, mode, clients, { name: `open ${text}`, method, pattern, level: 'open' });
  return { rule, exact: true, test: tester(pattern, true) };
}

function routeRow(
  config: Config,
  mode: Mode,
  clients: ReadonlyMap<string, ClientRule>,
  route: RouteConfig,
  loose: boolean,
): Row {
  const { method, pattern } = parseRoute(route.match);
  const rule = baseRule(config, mode, clients, {
    name: route.match,
    method,
    pattern,
    named: true,
    level: levelOf(route),
    carriers: new Set<Carrier>(route.carriers ?? []),
    bodySigned: route.body !== 'unsigned',
    encodedOpaque: route.encoded === 'opaque',
    sync: new Set(route.sync ?? []),
    client: clientNamed(clients, route.client ?? 'default'),
    mode: route.mode ?? mode,
    maxBody: route.maxBody ?? config.maxBody ?? DEFAULT_MAX_BODY,
    contentTypes: (route.contentTypes ?? []).map((type) => type.toLowerCase()),
    signed: route.signed ?? [],
  });
  const exact = weakens(rule) || route.mode === 'report' || !loose;
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
        rule: Object.freeze({ ...rule, name: `${rule.name} in other spellings`, encodedOpaque: false, named: false }),
        exact: false,
        test: (path, method) => test(path) && !isProtected(path, method),
      };
    });
}

/** Some path that a pattern fits: one that no other pattern names by chance. */
function sampleOf(pattern: string): string {
  return pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'sample-of-a-name');
}

/** Whether a rule asks for less than `protect` would: then only the exact bytes may choose it. */
function weakens(rule: RouteRule): boolean {
  return rule.level !== 'proof' || !rule.bodySigned || rule.encodedOpaque || rule.sync.size > 0;
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
function protectRows(
  config: Config,
  mode: Mode,
  clients: ReadonlyMap<string, ClientRule>,
  text: string,
  routes: readonly RouteConfig[],
  loose: boolean,
): Row[] {
  const { method, pattern } = parseRoute(text);
  const test = tester(pattern, !loose);
  const common = { method, pattern, level: 'proof' as Level };
  const rows: Row[] = [];
  if (routes.length > 0) rows.push(...methodRows(config, mode, clients, routes, loose));
  rows.push({
    rule: baseRule(config, mode, clients, { ...common, name: `protect ${text}`, unlisted: routes.length > 0 }),
    exact: !loose,
    test,
  });
  return rows;
}

/** For each path that is listed with some methods: the row that answers all others with 405. */
function methodRows(
  config: Config,
  mode: Mode,
  clients: ReadonlyMap<string, ClientRule>,
  routes: readonly RouteConfig[],
  loose: boolean,
): Row[] {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const { method, pattern } = parseRoute(route.match);
    if (method === '') continue;
    methods.set(pattern, [...(methods.get(pattern) ?? []), method]);
  }
  return [...methods].map(([pattern, allow]) => ({
    rule: baseRule(config, mode, clients, {
      name: `unlisted method of ${pattern}`,
      pattern,
      level: 'proof',
      unlisted: true,
      allow,
    }),
    exact: !loose,
    test: tester(pattern, !loose),
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

function baseRule(
  config: Config,
  mode: Mode,
  clients: ReadonlyMap<string, ClientRule>,
  own: Partial<RouteRule> & { readonly name: string },
): RouteRule {
  return Object.freeze({
    method: '',
    pattern: '/**',
    level: 'open' as Level,
    carriers: new Set<Carrier>(),
    bodySigned: true,
    encodedOpaque: false,
    sync: new Set<'beacon' | 'sync' | 'url'>(),
    client: clientNamed(clients, 'default'),
    mode,
    maxBody: config.maxBody ?? DEFAULT_MAX_BODY,
    contentTypes: [],
    signed: [],
    named: false,
    unlisted: false,
    allow: [],
    ...own,
  });
}

function clientNamed(clients: ReadonlyMap<string, ClientRule>, name: string): ClientRule {
  const client = clients.get(name);
  if (client === undefined) throw new TypeError(`client: "${name}" is not listed under clients`);
  return client;
}

function compileClients(configured: Record<string, ClientConfig>): ReadonlyMap<string, ClientRule> {
  const clients = new Map<string, ClientRule>();
  for (const [name, client] of Object.entries({ default: {}, ...configured }))
    clients.set(name, compileClient(name, client));
  return clients;
}

function compileClient(name: string, client: ClientConfig): ClientRule {
  const origins = client.origins ?? ['self'];
  return Object.freeze({
    name,
    self: origins.includes('self'),
    origins: new Set(origins.filter((origin) => origin !== 'self' && !origin.includes('*'))),
    originPatterns: origins.filter((origin) => origin.includes('*')).map(originPattern),
    stamp: client.stamp ?? 'require',
  });
}

/** The second door opens for pages of every client; entry itself then holds the page to the client it names. */
function anyOf(clients: ReadonlyMap<string, ClientRule>): ClientRule {
  const all = [...clients.values()];
  return Object.freeze({
    name: '*',
    self: all.some((client) => client.self),
    origins: new Set(all.flatMap((client) => [...client.origins])),
    originPatterns: all.flatMap((client) => client.originPatterns),
    stamp: 'require',
  });
}

/** `https://*-team.example.app`: the star stands for one or more characters of one host label. */
function originPattern(origin: string): RegExp {
  const [before = '', after = ''] = origin.split('*');
  return new RegExp(`^${RegExp.escape(before)}[a-z0-9-]{1,63}${RegExp.escape(after)}$`);
}

/** What we answer for: the public name, the configured hosts, and loopback names with our own port. */
function listedAuthorities(config: Config): ReadonlySet<string> {
  const authorities = new Set<string>((config.hosts ?? []).map((host) => host.toLowerCase()));
  if (config.public !== undefined) authorities.add(new URL(config.public).host);
  const listen = config.listen ?? DEFAULT_LISTEN;
  const port = listen.slice(listen.lastIndexOf(':') + 1);
  const secure = config.tls !== undefined;
  for (const name of ['localhost', '127.0.0.1', '[::1]']) {
    authorities.add(`${name}:${port}`);
    if (port === (secure ? '443' : '80')) authorities.add(name);
  }
  const host = listen.slice(0, listen.lastIndexOf(':'));
  if (host !== '' && host !== '0.0.0.0' && host !== '[::]') authorities.add(listen.toLowerCase());
  return authorities;
}

/**
 * Origins that `self` means. A gate that ends TLS has only https pages. One that does not may stand behind
 * something that does and changes nothing else, so there both schemes of a listed authority are its own.
 */
function ownOrigins(config: Config, authorities: ReadonlySet<string>): ReadonlySet<string> {
  const origins = new Set<string>();
  for (const authority of authorities) {
    origins.add(`https://${authority}`);
    if (config.tls === undefined) origins.add(`http://${authority}`);
  }
  if (config.public !== undefined) origins.add(new URL(config.public).origin);
  return origins;
}
