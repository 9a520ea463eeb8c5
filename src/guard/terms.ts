import { createHash } from 'node:crypto';
import type { Config, RouteConfig } from './config.ts';
import { layerConfig } from './rollout.ts';
import type { Words } from './switch.ts';

/** What pages are asked for: by which version, how strictly, and what. */
export interface Terms {
  /** Of Sallyport. */
  readonly version: string;
  readonly words: Words;
  /** The part of the configuration that says what a page has to show. Holds no secret and no function. */
  readonly pages: Config;
}

/** One change of the terms. */
export interface PastChange {
  /** Milliseconds since 1970: sessions from before are older than it. */
  readonly at: number;
  readonly before: Terms;
  /** {@link idOf} what came after it. */
  readonly after: string;
  /** Layers for which it was taken back already. */
  readonly settled: readonly string[];
}

/** What was in force, as it is remembered over restarts. */
export interface Past {
  readonly latest: Terms;
  /** The latest time that is known to have been: milliseconds since 1970. */
  readonly mark: number;
  /** Of the last day, the latest first. */
  readonly changes: readonly PastChange[];
  /** Terms that were replaced within the last day: they may still hold in a gate beside this one. */
  readonly earlier: readonly { readonly id: string; readonly until: number }[];
}

/**
 * Fields that say what a page has to show, as far as the refusals go that the guard rail counts. Who calls, how much and what it
 * costs is not among them, nor what may hold a secret.
 */
const OF_PAGES: Readonly<Record<keyof Config, boolean>> = {
  ...{ public: true, hosts: true, protect: true, open: true, routes: true, clients: true, paths: true },
  ...{ session: true, drift: true, cookies: true, mount: true, insecureHttp: true, trustedProxies: true, sealed: true },
  ...{ mode: false, rollout: false, layers: false, to: false, listen: false, workers: false, preset: false },
  ...{ login: false, authorization: false, antiForgery: false, records: false, state: false, whenUnsure: false },
  ...{ keys: false, bans: false, challenge: false, decoys: false, bots: false, testPasses: false, addresses: false },
  ...{ guardRail: false, alerts: false, mint: false, frontend: false, tls: false, hsts: false, upstream: false },
  ...{ securityHeaders: false, metrics: false, limit: false, concurrent: false, budget: false, openapi: false },
  ...{ behaviour: false, builds: false, maxBody: false },
};

/** The same of a route. */
const OF_ROUTE: readonly (keyof RouteConfig)[] = [
  ...(['match', 'level', 'carriers', 'body', 'encoded', 'sync', 'client', 'mode', 'rollout'] as const),
  ...(['contentTypes', 'signed', 'keys', 'bots', 'sealed'] as const),
];

export function wordsOf({ mode = 'report', rollout = '100%', layers = {} }: Config): Words {
  const own = Object.entries(layers).map(([name, given]) => [name, layerConfig(given)]);
  return { mode, rollout, layers: Object.fromEntries(own) };
}

export function termsOf(config: Config, version: string): Terms {
  const { routes, ...rest } = pick(config, (name) => OF_PAGES[name]);
  const rows = routes?.map((route) => pick(route, (name) => OF_ROUTE.includes(name)));
  return { version, words: wordsOf(config), pages: { ...rest, ...(rows === undefined ? {} : { routes: rows }) } };
}

/** One name for the same terms, in every process. */
export const idOf = ({ version, words, pages }: Terms): string => digest([version, sorted(words), sorted(pages)]);

/** One name for the same version and policy, however strictly it is taken. */
export const policyIdOf = ({ version, pages }: Omit<Terms, 'words'>): string => digest([version, sorted(pages)]);

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);

function pick<T extends object>(value: T, takes: (name: keyof T) => boolean): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => takes(name as keyof T))) as T; // fields of T, fewer
}

/** The order in which a file has its fields says nothing; that of a list does. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(Reflect.get(value, name))]));
}
