import type { Config, RouteConfig } from '../../guard/config.ts';
import { parseRate } from '../../guard/config-use.ts';
import type { Figures } from './figures.ts';

/** The addresses of the shop (shop.ts). */
export const LIST = '/api/things';
export const STEP = '/api/start';
/** Ids on one page of the list. */
export const PAGE_OF_IDS = 50;
export const thing = (id: number): string => `${LIST}/${id}`;

/** One gate to measure: the doors alone, the doors and one rule, or all of them. */
export interface RuleSet {
  readonly name: string;
  /** What the table calls it. */
  readonly title: string;
  /** Whether a figure of it is the gate's own. */
  readonly own: boolean;
  readonly config: Config;
  /** Whether ids have to be read from the list first. */
  readonly lists: boolean;
  /** Whether a step comes before each call, and how many seconds before. */
  readonly step: { readonly seconds: number } | null;
  /** Whether each call is asked for a proof of work. */
  readonly works: boolean;
  /** Calls before what is measured: whoever wants thousands has used up what may come at once. */
  readonly before: number;
  /** Whether it bounds everybody together, so that more addresses are of no use. */
  readonly bounded: boolean;
}

/** Fields of the route under attack, and of the policy. */
interface Part {
  readonly name: string;
  readonly title: string;
  readonly own: boolean;
  readonly route: Partial<RouteConfig>;
  readonly more?: Config;
  readonly before?: number;
}

/** Calls that may come at once at the gates that are measured, whatever the rule says: what lasts is the rate. */
const BURST = 50;

/** Each rule alone, between nothing and everything. */
export function ruleSets(figures: Figures): readonly RuleSet[] {
  const parts = partsOf(figures);
  const own = parts.some((part) => part.own);
  const free = parts.filter(({ name }) => name !== 'budget');
  return [
    toSet({ name: 'doors', title: 'the doors alone', own: false }, []),
    ...parts.map((part) => toSet(part, [part])),
    toSet({ name: 'free', title: 'all of these but money', own }, free),
    toSet({ name: 'all', title: 'all of these', own }, parts),
  ];
}

function partsOf({ session, prefix, notBefore, cost, budget }: Figures): readonly Part[] {
  const burst = Math.min(BURST, parseRate(prefix.value)?.count ?? BURST);
  const limits = [session.value, { rate: prefix.value, burst, per: 'prefix' as const }];
  return [
    {
      name: 'limit',
      title: `limit ${session.value} by session`,
      own: session.own,
      route: { limit: limits.slice(0, 1) },
    },
    {
      name: 'prefix',
      title: `limit ${prefix.value} by network`,
      own: prefix.own,
      route: { limit: limits.slice(1) },
      before: burst,
    },
    {
      name: 'served',
      title: 'only ids that were given',
      own: false,
      route: { served: { from: `GET ${LIST}`, at: '$[*]', linked: 0 } },
    },
    {
      name: 'order',
      title: `a step before, ${notBefore.value} s apart`,
      own: notBefore.own,
      route: { after: `POST ${STEP}`, notBefore: notBefore.value, once: true },
    },
    { name: 'challenge', title: 'a proof of work a call', own: false, route: { challenge: 'always' } },
    {
      name: 'budget',
      title: `${cost.value} a call, ${budget.value.amount}`,
      own: budget.own,
      route: { cost: cost.value },
      more: { budget: budget.value, records: 'memory' },
    },
  ];
}

function toSet(about: Pick<RuleSet, 'name' | 'title' | 'own'>, parts: readonly Part[]): RuleSet {
  const limit = parts.flatMap(({ route }) => [route.limit ?? []].flat());
  const route = Object.assign({}, ...parts.map((part) => part.route), limit.length === 0 ? {} : { limit });
  const has = (name: string): boolean => parts.some((part) => part.name === name);
  return {
    ...about,
    config: {
      mode: 'enforce',
      ...Object.assign({}, ...parts.map(({ more }) => more ?? {})),
      routes: [{ match: `GET ${LIST}` }, { match: `POST ${STEP}` }, { ...route, match: `GET ${LIST}/:id` }],
    },
    lists: has('served'),
    works: has('challenge'),
    step: has('order') ? { seconds: Number(route.notBefore) } : null,
    before: has('budget') ? 0 : Math.max(0, ...parts.map(({ before = 0 }) => before)),
    bounded: has('budget'),
  };
}
