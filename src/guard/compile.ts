import {
  DEFAULT_MOUNT,
  SESSION_COOKIE,
  SESSION_IDLE_SECONDS,
  SESSION_MAX_SECONDS,
  STAMP_COOKIE,
} from '../wire/constants.ts';
import { SEALED_CALL_BYTES, SEALED_PATH } from '../wire/sealed.ts';
import { compileAddresses } from './config-addresses.ts';
import { compileChallengePolicy } from './challenge.ts';
import type { ClientConfig, Config } from './config.ts';
import { compileBans } from './config-bans.ts';
import { compileBehaviour } from './config-behaviour.ts';
import { type AntiForgeryRule, compileAntiForgery } from './config-forms.ts';
import { asksForToken } from './config-person.ts';
import { compileBuilds } from './config-builds.ts';
import { compileDrift } from './drift.ts';
import { ANY_CLIENT, type ClientRule, type Policy, type RouteRule } from './policy.ts';
import { type LayerConfig, layerConfig, shareFrom } from './rollout.ts';
import { baseRule } from './base-rule.ts';
import { matcher } from './row-match.ts';
import { compileRows } from './rows.ts';
import { placed } from './schema/documented.ts';
import { compileSchemas } from './schema/rule.ts';

const DEFAULT_LISTEN = '127.0.0.1:4000';
/** Sessions whose page has not opened the second door for this long do not open `session` routes. */
const DEFAULT_RECENT_SECONDS = 3600;

/** Compiles a checked configuration. Throws TypeError where a pattern cannot be compiled. */
export function compilePolicy(config: Config): Policy {
  const mode = config.mode ?? 'report';
  const mount = config.mount ?? DEFAULT_MOUNT;
  const clients = compileClients(config.clients ?? {});
  const loosePaths = config.paths !== 'exact';
  const schemas = compileSchemas(config);
  const ground = { config, mode, clients, loose: loosePaths, schemas, addresses: compileAddresses(config) };
  const rows = compileRows(ground);
  const match = matcher(rows, loosePaths);
  const authorities = listedAuthorities(config);
  return Object.freeze({
    config,
    mode,
    mount,
    routes: rows.map((row) => row.rule),
    mountRoute: baseRule(ground, {
      name: `${mount}/enter`,
      pattern: mount,
      level: 'site',
      maxBody: 8192,
      client: anyOf(clients),
    }),
    sealedRoute: baseRule(ground, {
      name: `${mount}${SEALED_PATH}`,
      pattern: `${mount}${SEALED_PATH}`,
      level: 'site',
      maxBody: SEALED_CALL_BYTES,
      client: anyOf(clients),
    }),
    seals: rows.some((row) => row.rule.sealed),
    creations: creationsIn(rows.map((row) => row.rule)),
    ownRoute: baseRule(ground, {
      name: `${mount}/user`,
      pattern: `${mount}/**`,
      level: 'proof',
      maxBody: 4096,
      client: anyOf(clients),
    }),
    assetRoute: baseRule(ground, { name: `${mount}/**`, pattern: `${mount}/**` }),
    clients,
    authorities,
    ownOrigins: ownOrigins(config, authorities),
    layerModes: compileLayers(config, ({ mode: own }) => own),
    layerShares: compileLayers(config, ({ rollout }) => (rollout === undefined ? undefined : shareFrom(rollout))),
    rollout: shareFrom(config.rollout),
    loosePaths,
    stampCookie: config.cookies?.stamp ?? STAMP_COOKIE,
    sessionCookie: config.cookies?.session ?? SESSION_COOKIE,
    session: {
      idle: config.session?.idle ?? SESSION_IDLE_SECONDS,
      max: config.session?.max ?? SESSION_MAX_SECONDS,
      recent: config.session?.recent ?? DEFAULT_RECENT_SECONDS,
      bind: config.session?.bind ?? 'login',
    },
    drift: compileDrift(config),
    mint: { perPrefix: config.mint?.perPrefix ?? 60, total: config.mint?.total ?? 6000 },
    insecureHttp: config.insecureHttp === true,
    antiForgery: antiForgeryOf(config),
    builds: compileBuilds(config.builds),
    bans: compileBans(config),
    behaviour: compileBehaviour(config),
    challenge: compileChallengePolicy(config),
    documented: placed(schemas.documented, { config, match }),
    match,
  });
}

/** What single layers have of their own. */
function compileLayers<T>({ layers = {} }: Config, of: (layer: LayerConfig) => T | undefined): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [name, given] of Object.entries(layers)) {
    const own = of(layerConfig(given));
    if (own !== undefined) found.set(name, own);
  }
  return found;
}

/** Where nobody wrote anything of tokens and a form needs one, pages get it by themselves. */
function antiForgeryOf(config: Config): AntiForgeryRule | null {
  const { antiForgery, routes = [] } = config;
  if (antiForgery !== undefined) return compileAntiForgery(antiForgery);
  if (routes.some((route) => route.antiForgery === 'require')) return compileAntiForgery({});
  return routes.some((route) => asksForToken(route, config)) ? compileAntiForgery({ insert: true }) : null;
}

/** Which routes' answers are looked into, because others ask who created what. */
function creationsIn(rules: readonly RouteRule[]): Policy['creations'] {
  const asked = rules.flatMap((rule) => (rule.named && rule.user?.creator ? [rule.user.creator] : []));
  return Map.groupBy(asked, ({ of }) => of);
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
    name: ANY_CLIENT,
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
  const shown = config.public === undefined ? null : new URL(config.public);
  if (shown !== null) origins.add(shown.origin);
  for (const authority of authorities) {
    // Of the public name people have one scheme: whoever sits in their plain HTTP could write its other origin's pages.
    if (authority === shown?.host) continue;
    origins.add(`https://${authority}`);
    if (config.tls === undefined) origins.add(`http://${authority}`);
  }
  return origins;
}
