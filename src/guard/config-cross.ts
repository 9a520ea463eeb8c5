import { parseRoute } from '../wire/pattern.ts';
import type { Config, RouteConfig } from './config.ts';
import { UNSIGNED_CARRIERS } from './carrier.ts';
import { personProblems } from './config-person.ts';
import { crawlerProblems } from './config-bots.ts';
import { addressProblems } from './config-schema-addresses.ts';
import { allowProblems } from './config-schema-allow.ts';
import { budgetProblems } from './config-schema-budget.ts';
import { driftProblems } from './config-schema-drift.ts';
import { rolloutProblems } from './config-schema-rollout.ts';
import { challengeProblems } from './config-schema-challenge.ts';
import { behaviourProblems } from './config-schema-behaviour.ts';
import { buildsProblems } from './config-schema-builds.ts';
import { decoyProblems } from './config-schema-bans.ts';
import { formProblems } from './config-schema-forms.ts';
import { sealedProblems } from './config-sealed.ts';
import { loginProblems } from './config-schema-login.ts';
import { orderProblems } from './config-schema-order.ts';
import { contentProblems } from './config-schema-content.ts';
import { servedProblems } from './config-schema-served.ts';
import { useProblems } from './config-schema-use.ts';
import { tlsProblems } from './config-schema-tls.ts';
import type { ConfigProblem } from './errors.ts';
import { layerConfig } from './rollout.ts';
import { isLoopback } from '../lib/loopback.ts';
import { nearest } from '../lib/nearest.ts';

/** What is wrong between fields that are fine alone. Takes a configuration whose preset was expanded. */
export function crossProblems(config: Config, layers: readonly string[] | undefined): ConfigProblem[] {
  return [
    ...insecureHttp(config),
    ...addresses(config),
    ...upstream(config),
    ...tlsProblems(config),
    ...times(config),
    ...cookies(config),
    ...layerNames(config, layers),
    ...(config.routes ?? []).flatMap((route, index) => routeProblems(config, route, index)),
    ...loginProblems(config),
    ...personProblems(config),
    ...formProblems(config),
    ...useProblems(config),
    ...allowProblems(config),
    ...budgetProblems(config),
    ...orderProblems(config),
    ...servedProblems(config),
    ...addressProblems(config),
    ...crawlerProblems(config),
    ...driftProblems(config),
    ...rolloutProblems(config),
    ...contentProblems(config),
    ...buildsProblems(config),
    ...decoyProblems(config),
    ...challengeProblems(config),
    ...behaviourProblems(config),
    ...sealedProblems(config),
    ...nothingProtected(config),
    ...keys(config),
  ];
}

const problem = (field: string, value: unknown, rule: string): ConfigProblem => ({
  field,
  value: JSON.stringify(value),
  rule,
});

/** Pages on plain HTTP have no keys, so nothing can be enforced there (docs/protocol.md §2). */
function insecureHttp(config: Config): ConfigProblem[] {
  if (config.insecureHttp !== true) return [];
  const rule =
    'insecureHttp works in report mode only, because browsers give pages on plain HTTP no keys; serve the page over HTTPS (tls or a proxy), or write "report"';
  const problems = config.mode === 'enforce' ? [problem('mode', config.mode, rule)] : [];
  for (const [name, given] of Object.entries(config.layers ?? {})) {
    const { mode } = layerConfig(given);
    if (mode === 'enforce') problems.push(problem(`layers.${name}`, mode, rule));
  }
  for (const [index, route] of (config.routes ?? []).entries()) {
    if (route.mode === 'enforce') problems.push(problem(`routes[${index}].mode`, route.mode, rule));
  }
  return problems;
}

function addresses(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const origin = config.public;
  if (origin?.startsWith('http://') && !isLoopback(new URL(origin).hostname) && config.insecureHttp !== true) {
    problems.push(
      problem(
        'public',
        origin,
        'browsers give pages on plain HTTP no keys; write the https:// origin, or for a private network set insecureHttp (report mode only)',
      ),
    );
  }
  if (origin?.startsWith('http://') && config.tls !== undefined) {
    problems.push(
      problem('public', origin, `with tls people arrive over HTTPS; write ${origin.replace('http:', 'https:')}`),
    );
  }
  if (config.to !== undefined && pointsAt(config.to, config.listen ?? '127.0.0.1:4000')) {
    problems.push(
      problem('to', config.to, 'the gate would forward to itself; write the backend’s address, or another listen'),
    );
  }
  if (config.metrics !== undefined && config.metrics === config.listen && !config.metrics.endsWith(':0')) {
    problems.push(problem('metrics', config.metrics, 'the gate listens there; choose another port'));
  }
  return problems;
}

function pointsAt(to: string, listen: string): boolean {
  const url = new URL(to);
  const split = listen.lastIndexOf(':');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (port === '0' || port !== listen.slice(split + 1)) return false;
  const host = listen.slice(0, split);
  return (
    url.hostname === host || (isLoopback(url.hostname) && (isLoopback(host) || host === '0.0.0.0' || host === '[::]'))
  );
}

function upstream(config: Config): ConfigProblem[] {
  const settings = config.upstream;
  if (settings === undefined) return [];
  const problems: ConfigProblem[] = [];
  if ((settings.cert === undefined) !== (settings.key === undefined)) {
    const [field, value, other] =
      settings.cert === undefined ? ['key', settings.key, 'cert'] : ['cert', settings.cert, 'key'];
    problems.push(problem(`upstream.${field}`, value, `cert and key belong together; write upstream.${other} as well`));
  }
  for (const field of ['ca', 'cert', 'pin'] as const) {
    if (settings[field] !== undefined && config.to?.startsWith('http:')) {
      problems.push(
        problem(
          `upstream.${field}`,
          settings[field],
          `this is for TLS, and to is ${config.to}; write https:// there, or leave this out`,
        ),
      );
    }
  }
  return problems;
}

function times(config: Config): ConfigProblem[] {
  const { idle, max, recent } = config.session ?? {};
  const { perPrefix, total } = config.mint ?? {};
  const problems: ConfigProblem[] = [];
  if (idle !== undefined && max !== undefined && idle > max) {
    problems.push(
      problem('session.idle', idle, `a session cannot idle longer than it lives; write at most session.max, ${max}`),
    );
  }
  if (recent !== undefined && max !== undefined && recent > max) {
    problems.push(problem('session.recent', recent, `write at most session.max, ${max}`));
  }
  if (perPrefix !== undefined && total !== undefined && perPrefix > total) {
    problems.push(
      problem(
        'mint.perPrefix',
        perPrefix,
        `one address cannot take more than all together; write at most mint.total, ${total}`,
      ),
    );
  }
  return problems;
}

function cookies(config: Config): ConfigProblem[] {
  const { session, stamp } = config.cookies ?? {};
  return session !== undefined && session === stamp
    ? [problem('cookies.stamp', stamp, 'session and stamp need names of their own')]
    : [];
}

function layerNames(config: Config, known: readonly string[] | undefined): ConfigProblem[] {
  if (known === undefined) return [];
  const unknown = Object.entries(config.layers ?? {}).filter(([name]) => !known.includes(name));
  return unknown.map(([name, mode]) => {
    const meant = nearest(name, known);
    const rule = `there is no such layer; ${meant === '' ? `layers are ${known.join(', ')}` : `did you mean ${meant}?`}`;
    return problem(`layers.${name}`, mode, rule);
  });
}

function routeProblems(config: Config, route: RouteConfig, index: number): ConfigProblem[] {
  const field = `routes[${index}]`;
  const problems: ConfigProblem[] = [];
  if (route.bots === true) problems.push(...botProblems(config, route, field));
  if (route.keys !== undefined && route.level === 'open') {
    problems.push(problem(`${field}.keys`, route.keys, 'level "open" asks for nothing, so a key says nothing here'));
  }
  const unsigned = (route.carriers ?? []).filter((carrier) => UNSIGNED_CARRIERS.has(carrier));
  if (route.level === 'proof' && unsigned.length > 0) {
    problems.push(
      problem(
        `${field}.level`,
        'proof',
        `carriers lists ${unsigned.join(', ')}, which cannot carry a proof; write level "session", or leave ${unsigned.join(', ')} out of carriers`,
      ),
    );
  }
  if (route.client !== undefined && route.client !== 'default' && config.clients?.[route.client] === undefined) {
    problems.push(
      problem(
        `${field}.client`,
        route.client,
        `there is no such client; list it under clients, as in clients: { ${route.client}: { origins: ["self"] } }`,
      ),
    );
  }
  const earlier = (config.routes ?? []).findIndex((other) => other.match === route.match);
  if (earlier < index) {
    problems.push(
      problem(
        `${field}.match`,
        route.match,
        `routes[${earlier}] matches the same, and the first match decides; keep one of them`,
      ),
    );
  }
  if (route.sync !== undefined && route.level !== undefined && route.level !== 'proof') {
    problems.push(problem(`${field}.sync`, route.sync, `level "${route.level}" asks for no proof; leave sync out`));
  }
  return problems;
}

/** Bots read what is for everybody. */
function botProblems(config: Config, route: RouteConfig, field: string): ConfigProblem[] {
  const asksForPerson = [route.user, route.roles, route.scopes, route.can, route.owner, route.cedar];
  const { method } = parseRoute(route.match);
  const problems: ConfigProblem[] = [];
  if (asksForPerson.some((asked) => asked !== undefined && asked !== false))
    problems.push(problem(`${field}.bots`, true, 'a bot is nobody; leave bots out where the route asks for a person'));
  if (method !== '' && method !== 'GET')
    problems.push(problem(`${field}.bots`, true, `bots only read; leave bots out of a route for ${method}`));
  if (!config.bots?.agents?.length && !config.bots?.crawlers?.length)
    problems.push(
      problem(
        `${field}.bots`,
        true,
        'no bot is listed; write bots: { agents: ["https://bot.example"], crawlers: ["google"] }',
      ),
    );
  return problems;
}

/** Layers that are enforced or not there: what they let in stands in place of all that is asked of pages. */
export const ALWAYS_ENFORCED: readonly string[] = ['key', 'bot', 'crawler', 'test-pass'];

/** What is only reported would stand in place of the page all the same. */
function keys(config: Config): ConfigProblem[] {
  const rule = 'this stands in place of all that is asked of pages; it cannot be left unchecked';
  return ALWAYS_ENFORCED.filter((name) => layerConfig(config.layers?.[name] ?? {}).mode === 'report').map((name) =>
    problem(`layers.${name}`, 'report', rule),
  );
}

function nothingProtected(config: Config): ConfigProblem[] {
  const empty = config.protect?.length === 0 && (config.routes ?? []).length === 0;
  return empty
    ? [problem('protect', [], 'this protects nothing; name patterns, or leave the field out for ["/api/**"]')]
    : [];
}
