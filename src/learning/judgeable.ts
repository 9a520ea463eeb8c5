import type { Config, RouteConfig } from '../guard/config.ts';
import type { Shows } from './observation.ts';

/** A configuration with whatever recorded traffic cannot show taken out. */
export interface Judgeable {
  readonly config: Config;
  /** What was taken out, and of how many routes: `login`, `body schemas`. */
  readonly unjudged: readonly string[];
}

/** Fields of routes, and what people call them. */
interface Hidden {
  readonly fields: readonly (keyof RouteConfig)[];
  readonly name: string;
  /** Whether traffic of this kind shows what they ask for. */
  readonly isShown?: (shows: Shows) => boolean;
}

const HIDDEN: readonly Hidden[] = [
  {
    fields: ['user', 'roles', 'scopes', 'can', 'owner', 'creator', 'cedar'],
    name: 'who may (login, roles, ownership)',
  },
  { fields: ['antiForgery'], name: 'tokens against forgery' },
  { fields: ['challenge'], name: 'challenges' },
  { fields: ['cost', 'budget', 'degrade'], name: 'budgets' },
  { fields: ['keys', 'bots'], name: 'API keys and bots' },
  { fields: ['concurrent'], name: 'requests open at a time' },
  { fields: ['allow'], name: 'choices in bodies', isShown: ({ bodies }) => bodies },
  { fields: ['served'], name: 'ids that were served', isShown: ({ bodies }) => bodies },
  { fields: ['addresses'], name: 'networks', isShown: ({ networks }) => networks },
];

/** Fields of the whole configuration that need another server, files, or what no recording has. */
const WHOLE: readonly (keyof Config)[] = [
  'login',
  'authorization',
  'antiForgery',
  'records',
  'state',
  'keys',
  'bans',
  'challenge',
  'bots',
  'testPasses',
  'trustedProxies',
  'alerts',
  'tls',
  'workers',
  'budget',
  'concurrent',
  'upstream',
  'metrics',
  'frontend',
  'layers',
  'rollout',
  'insecureHttp',
];

export function toJudgeable(config: Config, shows: Shows): Judgeable {
  const unjudged: string[] = [];
  let routes = config.routes ?? [];
  for (const { fields, name, isShown } of HIDDEN) {
    if (isShown?.(shows) === true) continue;
    const touched = routes.filter((route) => fields.some((field) => isAsked(route[field]))).length;
    if (touched > 0) unjudged.push(`${name}: ${touched} ${touched === 1 ? 'route' : 'routes'}`);
    routes = routes.map((route) => without(route, fields));
  }
  const content = routes.map((route) => withoutHidden(route, shows));
  const hiding = content.filter(({ isHidden }) => isHidden).length;
  if (hiding > 0) unjudged.push(`content (schemas): ${hiding} ${hiding === 1 ? 'route' : 'routes'}`);
  routes = content.map(({ route }) => route);
  if (!shows.fields) unjudged.push('carriers and sites: no header fields are shown');
  if (!shows.bodies && config.openapi !== undefined) unjudged.push('content as openapi says');
  const hidden = [...WHOLE, ...(shows.bodies ? [] : (['openapi'] as const))];
  const addresses =
    config.addresses === undefined || !shows.networks ? {} : { addresses: withoutLists(config.addresses) };
  return {
    config: {
      ...without(config, [...hidden, 'addresses', 'routes']),
      ...addresses,
      ...listed(config, routes),
      mode: 'report',
    },
    unjudged,
  };
}

/** Of a schema what cannot be seen is left out. */
function withoutHidden(route: RouteConfig, { bodies, queries }: Shows): { route: RouteConfig; isHidden: boolean } {
  const { schema } = route;
  if (schema === undefined || schema === false) return { route, isHidden: false };
  const { body, query } = schema;
  const shown = {
    ...(body === undefined || !bodies ? {} : { body }),
    ...(query === undefined || !queries ? {} : { query }),
  };
  const rest = without(route, ['schema']);
  return {
    route: Object.keys(shown).length === 0 ? rest : { ...rest, schema: shown },
    isHidden: Object.keys(shown).length < Object.keys(schema).length,
  };
}

const isAsked = (value: unknown): boolean =>
  value !== undefined && value !== false && value !== 'off' && value !== 'never';

/** A configuration that names no routes protects all alike. */
const listed = ({ routes }: Config, judged: readonly RouteConfig[]): Pick<Config, 'routes'> =>
  routes === undefined ? {} : { routes: [...judged] };

/** Published lists are of today. */
const withoutLists = (addresses: NonNullable<Config['addresses']>): NonNullable<Config['addresses']> =>
  without(addresses, ['lists']);

function without<T extends object>(given: T, fields: readonly (keyof T)[]): T {
  const copy = { ...given };
  for (const field of fields) delete copy[field];
  return copy;
}
