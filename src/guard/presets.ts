import type { Config, RouteConfig } from './config.ts';
import { budgetsOf } from './config-budget.ts';
import { parseAllowance } from './money.ts';

type Preset = NonNullable<Config['preset']>;

/** One line for people: what a preset is for. */
export const PRESETS: Readonly<Record<Preset, string>> = {
  'public-read': 'data that your own pages may read and nobody may write: reads at level proof, every other method 405',
  forms: 'pages of a server with forms that post: reading open, forms at level site with a token against forgery',
  llm: 'answers that cost money: POST at level proof, with limits, a budget for a day, and bounds on what the client may choose',
  strict: 'enforced from the start; calls at level proof, other addresses read-only, sessions short',
};

export const isPreset = (name: string): name is Preset => Object.hasOwn(PRESETS, name);

/** Documents, assets, development sockets: whatever a page loads that no rule protects. */
const READ_ONLY: RouteConfig = {
  match: 'GET /**',
  level: 'open',
  carriers: ['call', 'stream', 'socket', 'media', 'navigation'],
};

/**
 * The configuration with its preset's fields filled in and `preset` taken out. The file's own fields win; its own
 * routes come before the preset's, because the first match decides.
 */
export function applyPreset({ preset, ...config }: Config): Config {
  if (preset === undefined) return config;
  if (preset === 'forms') return forms(config);
  if (preset === 'llm') return llm(config);
  return preset === 'strict' ? strict(config) : publicRead(config);
}

/** What browsers send of a form without scripts. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

function forms(config: Config): Config {
  const calls = (config.protect ?? ['/api/**']).map((match) => ({ match }));
  const posts: RouteConfig = { match: 'POST /**', level: 'site', carriers: ['form'], contentTypes: FORM_TYPES };
  return {
    ...config,
    antiForgery: { insert: true, ...config.antiForgery },
    protect: ['/**'],
    routes: [...(config.routes ?? []), ...calls, { ...posts, antiForgery: 'require' }, READ_ONLY],
  };
}

/** What a page may ask of a model that somebody pays for. The model and what it is told are the backend's to choose. */
function llm(config: Config): Config {
  const budget = config.budget ?? '5 USD/day';
  const currency = parseAllowance(budgetsOf(budget)[0]?.amount ?? '')?.currency ?? 'USD';
  const calls = (config.protect ?? ['/api/**']).filter(withoutMethod).map(
    (pattern): RouteConfig => ({
      match: `POST ${pattern}`,
      cost: `0.02 ${currency}`,
      limit: ['10/minute', '200/day'],
      concurrent: { session: 2, prefix: 20, route: 100 },
      allow: { model: false, system: false, max_tokens: { max: 1000, optional: true } },
    }),
  );
  return { ...config, budget, routes: [...(config.routes ?? []), ...calls] };
}

function publicRead(config: Config): Config {
  const protect = config.protect ?? ['/api/**'];
  const reads = protect.filter(withoutMethod).map((pattern) => ({ match: `GET ${pattern}` }));
  return { ...config, protect, routes: [...(config.routes ?? []), ...reads] };
}

function strict(config: Config): Config {
  const calls = (config.protect ?? ['/api/**']).map((match) => ({ match }));
  return {
    mode: 'enforce',
    ...config,
    protect: ['/**'],
    routes: [...(config.routes ?? []), ...calls, READ_ONLY],
    session: { idle: 3600, max: 12 * 3600, recent: 900, ...config.session },
  };
}

const withoutMethod = (pattern: string): boolean => pattern.startsWith('/');
