import { NO_COSTS } from './budget.ts';
import { NO_CHOICES } from './choices.ts';
import type { Config, Mode } from './config.ts';
import type { AddressRules } from './config-addresses.ts';
import type { Carrier, Level } from './decision.ts';
import { NO_ORDER, NO_STEPS } from './order.ts';
import type { ClientRule, RouteRule } from './policy.ts';
import { shareFrom } from './rollout.ts';
import { NO_SCHEMAS, type Schemas } from './schema/rule.ts';
import { NO_SERVED, NO_SOURCES } from './served.ts';
import { NO_USE } from './use.ts';

/** Bodies of the largest upload that is promised to pass, and its multipart frame. */
export const DEFAULT_MAX_BODY = 1024 ** 3 + 64 * 1024;

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

/** The rule of a row that asks for nothing but what is its own. */
export function baseRule(ground: Ground, own: Partial<RouteRule> & { readonly name: string }): RouteRule {
  return Object.freeze({
    method: '',
    pattern: '/**',
    level: 'open' as Level,
    carriers: new Set<Carrier>(),
    bodySigned: true,
    encodedOpaque: false,
    sealed: false,
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

/** Throws TypeError where no client is called that. */
export function clientNamed(clients: ReadonlyMap<string, ClientRule>, name: string): ClientRule {
  const client = clients.get(name);
  if (client === undefined) throw new TypeError(`client: "${name}" is not listed under clients`);
  return client;
}
