import type { Config } from '../../guard/config.ts';
import type { LabOptions } from '../options.ts';

/** The three gates that evidence compares. */
export const SETTINGS = ['off', 'default', 'strict'] as const;

export type SettingName = (typeof SETTINGS)[number];

export const SETTING_TITLES: Readonly<Record<SettingName, string>> = {
  off: 'off',
  default: 'on by default',
  strict: 'strict',
};

export const SETTING_MEANS: Readonly<Record<SettingName, string>> = {
  off: 'The rules of “strict” in report mode: everything is decided and recorded, nothing is refused.',
  default: 'Enforce mode in front of the app, and no rule but those that hold without a word of policy.',
  strict: 'Enforce mode with rules of use, logins, ownership, keys and forms.',
};

/** The address that is attacked at the lab's own app. */
export const OWN_PATH = '/api/notes';

/** Who issues tokens for the lab's own app, and for whom. */
export const OWN_TOKENS = { issuer: 'sallyport-lab', audience: 'notes' } as const;

/** The policy of the lab's own app: one rule of each kind. `secret` signs its tokens. */
export const ownPolicy = (secret: string): Config => ({
  login: { accounts: { signUp: 'open' }, jwt: { ...OWN_TOKENS, secret } },
  antiForgery: { insert: true },
  budget: { amount: '1 USD/day', release: 'at-once', keep: 0 },
  routes: [
    { match: `GET ${OWN_PATH}`, keys: ['notes:read'], limit: '120/minute' },
    {
      match: `GET ${OWN_PATH}/:id`,
      served: { from: [`GET ${OWN_PATH}`, `POST ${OWN_PATH}`], at: ['$[*].id', '$.id'], linked: 5 },
    },
    { match: `POST ${OWN_PATH}`, user: true },
    { match: `PUT ${OWN_PATH}/:id`, creator: { of: `POST ${OWN_PATH}` } },
    { match: `DELETE ${OWN_PATH}/:id`, creator: { of: `POST ${OWN_PATH}` } },
    { match: 'GET /api/search', challenge: 'always' },
    { match: 'POST /api/quote' },
    { match: 'POST /api/order', after: 'POST /api/quote', within: 900, notBefore: 1, once: true },
    { match: 'POST /api/ask', cost: '0.01 USD' },
    {
      match: 'POST /api/report',
      level: 'site',
      carriers: ['form'],
      contentTypes: ['application/x-www-form-urlencoded'],
    },
  ],
});

/** Calls of the lab's own app that cost money, and that come in an order. */
export const OWN_CALLS: Pick<LabOptions, 'spend' | 'inOrder'> = {
  spend: { method: 'POST', path: '/api/ask', body: { question: 'Why?' } },
  inOrder: {
    first: { method: 'POST', path: '/api/quote', body: { what: 'print' } },
    next: { method: 'POST', path: '/api/order', body: { what: 'print' } },
  },
};

/** Where a gate is and what it shares with others: none of it belongs to a gate of the lab's own. */
const SURROUNDINGS = [
  ...['listen', 'public', 'hosts', 'tls', 'hsts', 'records', 'state', 'metrics', 'alerts', 'workers'],
  ...['trustedProxies', 'insecureHttp', 'guardRail', 'rollout', 'mode', 'testPasses'],
] as const;

/** What “on by default” keeps: what makes the app reachable at all. */
const REACH = ['to', 'protect', 'open', 'frontend', 'mount'] as const;

/**
 * The configuration of one of the three gates, from the app's own. It listens on a free port of loopback and keeps
 * everything in memory, whatever the app's own says: neither its records nor its shared state are touched.
 */
export function configOf(setting: SettingName, own: Config): Config {
  const place = { listen: '127.0.0.1:0', records: 'memory', guardRail: false } as const;
  if (setting === 'default') {
    const kept = Object.entries(own).filter(([name]) => REACH.some((field) => field === name));
    return { ...Object.fromEntries(kept), ...place, mode: 'enforce' };
  }
  const kept = Object.entries(own).filter(([name]) => !SURROUNDINGS.some((field) => field === name));
  return { ...Object.fromEntries(kept), ...place, mode: setting === 'off' ? 'report' : 'enforce' };
}
