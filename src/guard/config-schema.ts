import * as z from 'zod/mini';
import type { Can, Config } from './config.ts';
import { crossProblems } from './config-cross.ts';
import { addressesSchema, routeAddressesSchema } from './config-schema-addresses.ts';
import { authorizationSchema, cedarRouteSchema, creatorSchema, ownerSchema } from './config-schema-authorization.ts';
import * as rules from './config-rules.ts';
import { acrValue } from './config-rules-login.ts';
import { driftSchema } from './config-schema-drift.ts';
import { alertsSchema, guardRailSchema, layerSchema, shareSchema } from './config-schema-rollout.ts';
import { behaviourSchema } from './config-schema-behaviour.ts';
import { bansSchema } from './config-schema-bans.ts';
import { buildsSchema } from './config-schema-builds.ts';
import { botsSchema } from './config-schema-bots.ts';
import { challengeSchema, routeChallengeSchema } from './config-schema-challenge.ts';
import { antiForgerySchema } from './config-schema-forms.ts';
import { loginSchema } from './config-schema-login.ts';
import { aFunction, choice, didYouMean, fields, flag, list, optional, text, whole } from './config-schema-parts.ts';
import { afterSchema } from './config-schema-order.ts';
import { allowSchema } from './config-schema-allow.ts';
import { budgetSchema, costSchema, degradeSchema } from './config-schema-budget.ts';
import { concurrentSchema, limitSchema } from './config-schema-use.ts';
import { openapiFile, schemaSchema } from './config-schema-content.ts';
import { servedSchema } from './config-schema-served.ts';
import { hstsSchema, tlsSchema } from './config-schema-tls.ts';
import { type ConfigProblem, ConfigError } from './errors.ts';
import { applyPreset } from './presets.ts';
import { shownUrl } from './records-url.ts';
import { shownStateUrl, stateUrlFault } from './state-url.ts';

const mode = choice('report', 'enforce');

const userSchema = fields({
  maxAge: optional(whole(1, 'seconds')),
  acr: optional(list(text(acrValue), 'write a list of acr values')),
});

const routeSchema = fields({
  match: text(rules.route),
  level: optional(choice('open', 'site', 'session', 'proof')),
  carriers: optional(
    list(choice('call', 'stream', 'socket', 'media', 'form', 'navigation', 'beacon'), 'write a list, as in ["media"]'),
  ),
  body: optional(choice('signed', 'unsigned')),
  encoded: optional(choice('refuse', 'opaque')),
  sealed: optional(flag),
  sync: optional(list(choice('beacon', 'sync', 'url'), 'write a list, as in ["beacon"]')),
  client: optional(text(rules.clientName)),
  mode: optional(mode),
  rollout: optional(shareSchema),
  maxBody: optional(whole(0, 'bytes')),
  contentTypes: optional(list(text(rules.mediaType), 'write a list, as in ["multipart/form-data"]')),
  signed: optional(list(text(rules.signedField), 'write a list, as in ["x-tenant"]')),
  user: optional(z.union([flag, userSchema], 'write true, or an object, as in { maxAge: 300 }')),
  roles: optional(list(text(rules.nonEmpty), 'write a list of roles, as in ["editor"]')),
  scopes: optional(list(text(rules.nonEmpty), 'write a list of scopes, as in ["posts:write"]')),
  can: optional(aFunction<Can>('write a function, as in (subject, request) => true')),
  keys: optional(list(text(rules.nonEmpty), 'write a list of scopes, as in ["posts:read"]')),
  bots: optional(flag),
  addresses: optional(routeAddressesSchema),
  limit: optional(limitSchema),
  concurrent: optional(concurrentSchema),
  challenge: optional(routeChallengeSchema),
  allow: optional(allowSchema),
  cost: optional(costSchema),
  degrade: optional(degradeSchema),
  budget: optional(budgetSchema),
  after: optional(afterSchema),
  within: optional(whole(1, 'seconds')),
  notBefore: optional(whole(1, 'seconds')),
  atMost: optional(whole(1, 'calls')),
  once: optional(flag),
  served: optional(servedSchema),
  schema: optional(schemaSchema),
  owner: optional(ownerSchema),
  creator: optional(creatorSchema),
  cedar: optional(cedarRouteSchema),
  antiForgery: optional(choice('require', 'off')),
  whenUnsure: optional(choice('reads', 'refuse')),
});

const clientSchema = fields({
  origins: optional(list(text(rules.clientOrigin), 'write a list, as in ["self", "https://app.example"]')),
  stamp: optional(choice('require', 'waive')),
});

const upstreamSchema = fields({
  host: optional(text(rules.authority)),
  ca: optional(text(rules.nonEmpty)),
  cert: optional(text(rules.nonEmpty)),
  key: optional(text(rules.nonEmpty)),
  pin: optional(text(rules.pin)),
  timeout: optional(whole(1, 'milliseconds')),
});

/** As many threads as can share one state. */
const MOST_WORKERS = 256;

function isWorkers(value: unknown): boolean {
  return value === 'auto' || (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MOST_WORKERS);
}

/** The shape of {@link Config}; test/guard/config-types.test.ts holds the two together. */
export const configSchema = fields({
  to: optional(text(rules.backend)),
  listen: optional(text(rules.hostAndPort)),
  mode: optional(mode),
  workers: optional(
    z.custom<number | 'auto'>(isWorkers, 'write a whole number from 1 to 256, or auto for as many as there are cores'),
  ),
  preset: optional(choice('public-read', 'strict', 'forms', 'llm')),
  public: optional(text(rules.origin)),
  hosts: optional(list(text(rules.authority), 'write a list, as in ["app.example"]')),
  protect: optional(list(text(rules.route), 'write a list of patterns, as in ["/api/**"]')),
  open: optional(list(text(rules.openRoute), 'write a list of patterns, as in ["/api/webhooks/**"]')),
  sealed: optional(flag),
  routes: optional(list(routeSchema, 'write a list of routes, as in [{ match: "GET /api/posts/:id" }]')),
  clients: optional(z.record(text(rules.clientName), clientSchema, 'write an object of clients by name')),
  login: optional(loginSchema),
  authorization: optional(authorizationSchema),
  antiForgery: optional(antiForgerySchema),
  bots: optional(botsSchema),
  testPasses: optional(fields({ publicKey: text(rules.testKey) })),
  keys: optional(fields({ leaked: optional(choice('alarm', 'revoke')), signUp: optional(text(rules.page)) })),
  bans: optional(bansSchema),
  behaviour: optional(behaviourSchema),
  challenge: optional(challengeSchema),
  builds: optional(buildsSchema),
  decoys: optional(list(text(rules.route), 'write a list of routes, as in ["GET /api/admin/export"]')),
  trustedProxies: optional(list(text(rules.network, rules.HOPS), rules.HOPS)),
  addresses: optional(addressesSchema),
  paths: optional(choice('loose', 'exact')),
  layers: optional(
    z.record(text(rules.layerName), layerSchema, 'write an object of modes by layer, as in { site: "report" }'),
  ),
  rollout: optional(shareSchema),
  guardRail: optional(guardRailSchema),
  alerts: optional(alertsSchema),
  mint: optional(
    fields({
      perPrefix: optional(whole(1, 'new sessions a minute')),
      total: optional(whole(1, 'new sessions a minute')),
    }),
  ),
  session: optional(
    fields({
      idle: optional(whole(60, 'seconds')),
      max: optional(whole(60, 'seconds')),
      bind: optional(choice('login', 'always')),
      recent: optional(whole(600, 'seconds', ': an open page renews its entry about every eight minutes')),
    }),
  ),
  drift: optional(driftSchema),
  state: optional(text(stateUrlFault, 'write text, as in "redis://127.0.0.1:6379"')),
  whenUnsure: optional(choice('reads', 'refuse')),
  records: optional(text(rules.recordsUrl, 'write text, as in "sqlite:./sallyport.sqlite"')),
  frontend: optional(text(rules.nonEmpty)),
  tls: optional(tlsSchema),
  hsts: optional(hstsSchema),
  upstream: optional(upstreamSchema),
  insecureHttp: optional(flag),
  mount: optional(text(rules.mount)),
  cookies: optional(fields({ session: optional(text(rules.cookieName)), stamp: optional(text(rules.cookieName)) })),
  securityHeaders: optional(choice('none', 'frameable', 'standard', 'isolated')),
  metrics: optional(text(rules.hostAndPort)),
  limit: optional(limitSchema),
  concurrent: optional(concurrentSchema),
  budget: optional(budgetSchema),
  openapi: optional(text(openapiFile)),
  maxBody: optional(whole(0, 'bytes')),
});

/** What the parser knows beyond the schema. */
export interface ParseOptions {
  /** Layers that exist: other names under `layers` are errors. Without it any name is taken. */
  readonly layers?: readonly string[];
}

/**
 * Checks what a developer wrote and returns it with its preset expanded and `preset` gone, so that parsing the result
 * again changes nothing. Fields that are `undefined` count as absent.
 *
 * @param source where the value came from, for the error: a file's name, `command line`
 * @throws {ConfigError} naming every field that is wrong, its value and the rule
 */
export function parseConfig(value: unknown, source: string, options: ParseOptions = {}): Config {
  const given = withoutUndefined(value);
  const parsed = z.safeParse(configSchema, given);
  if (!parsed.success)
    throw new ConfigError(
      source,
      parsed.error.issues.flatMap((issue) => toProblems(issue, given)),
    );
  const config = applyPreset(parsed.data);
  const problems = crossProblems(config, options.layers);
  if (problems.length > 0) throw new ConfigError(source, problems);
  return Object.freeze(config);
}

/** A part of a configuration that was checked as a whole once; null where a field of it is none that this version knows. */
export function parseShape(value: unknown): Config | null {
  const parsed = z.safeParse(configSchema, value);
  return parsed.success ? applyPreset(parsed.data) : null;
}

/** A plain copy without fields that are `undefined`, as `process.env.X` gives them. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([name, field]) => [name, withoutUndefined(field)]));
}

function toProblems(issue: z.core.$ZodIssue, given: unknown): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, issue.message, issue.path, given);
  if (issue.code === 'invalid_key') return keyProblems(issue);
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((errors) => !errors.some(isOtherType));
    if (meant !== undefined) {
      return meant.flatMap((inner) => toProblems({ ...inner, path: [...issue.path, ...inner.path] }, given));
    }
  }
  const rule = issue.message;
  return [{ field: toField(issue.path), value: showAt(issue.path, valueAt(given, issue.path)), rule }];
}

/** Of several forms that a value can have, the one it was meant to have is of its own type. */
const isOtherType = ({ code, path }: z.core.$ZodIssue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');

function unknownFields(
  keys: readonly string[],
  known: string,
  path: readonly PropertyKey[],
  given: unknown,
): ConfigProblem[] {
  return keys.map((key) => ({
    field: toField([...path, key]),
    value: showAt([...path, key], valueAt(given, [...path, key])),
    rule: `there is no such field${didYouMean(key, known.split(', ')) || `; known are ${known}`}`,
  }));
}

/** The name of a record's entry is wrong: a client's, a layer's. */
function keyProblems(issue: z.core.$ZodIssueInvalidKey): ConfigProblem[] {
  const name = issue.path.at(-1);
  const rule = issue.issues[0]?.message ?? 'this name cannot be used';
  return [{ field: `a name in ${toField(issue.path.slice(0, -1))}`, value: show(name), rule }];
}

/** `routes[0].match` */
function toField(path: readonly PropertyKey[]): string {
  let field = '';
  for (const part of path) {
    if (typeof part === 'number') field += `[${part}]`;
    else field += field === '' ? String(part) : `.${String(part)}`;
  }
  return field;
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = given;
  for (const part of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** Under `login` and `challenge` a value may be a secret, or hold one, or have lost its field's name to a slip: none is shown. */
function showAt(path: readonly PropertyKey[], value: unknown): string {
  if (path[0] === 'alerts' && path.length > 1 && path[1] === 'webhook') return 'an address that is not shown';
  if (path[0] === 'records' && typeof value === 'string') return show(shownUrl(value));
  if (path[0] === 'state' && typeof value === 'string') return show(shownStateUrl(value));
  const plain = HIDING.get(path[0]);
  if (plain === undefined || value === undefined) return show(value);
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return plain.has(String(path.at(-1))) ? show(value) : 'a value that is not shown';
}

/** Fields under `login` whose values are no secrets. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['issuer', 'clientId', 'clientAuth', 'relay', 'postLogout', 'maxAge', 'page'],
  ...['audience', 'jwks', 'header', 'cookie', 'typ', 'bind', 'dpop', 'alg', 'enc', 'clockSkew', 'name'],
  ...['signUp', 'email', 'passwordLength', 'passkeys', 'secondFactor', 'life', 'checksPerMinute'],
]);

/** The same under `challenge`. */
const PLAIN_CHALLENGE: ReadonlySet<string> = new Set([
  ...['kind', 'enter', 'remember', 'alternative', 'cost'],
  ...['siteKey', 'verify', 'script', 'project', 'everyPage'],
]);

/** Parts of a configuration that hold secrets, and what of them may be shown. */
const HIDING: ReadonlyMap<PropertyKey | undefined, ReadonlySet<string>> = new Map([
  ['login', PLAIN],
  ['challenge', PLAIN_CHALLENGE],
]);

/** A value as people wrote it, shortened. Configurations hold paths of key files, never keys. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}
