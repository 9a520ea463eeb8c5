import type { Config, RouteConfig } from '../../guard/config.ts';
import type { BehaviourConfig } from '../../guard/config-behaviour.ts';
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
  /** What is done about unusual sessions, without the model that says which are; null for nothing. */
  readonly behaviour: BehaviourConfig | null;
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
  /** Seconds that the program waits before each call of its own will. */
  readonly pace: number;
  /** Whether people are let use it as well, each at a pace of their own. */
  readonly people: boolean;
}

/** Fields of the route under attack, and of the policy. */
interface Part {
  readonly name: string;
  readonly title: string;
  readonly own: boolean;
  readonly route: Partial<RouteConfig>;
  readonly more?: Config;
  readonly before?: number;
  readonly behaviour?: BehaviourConfig;
}

/** Calls that may come at once at the gates that are measured, whatever the rule says: what lasts is the rate. */
const BURST = 50;

/** Seconds between the calls of a program that no rate limit tells from people. */
const PACE = 2;

/** Each rule alone, between nothing and everything. */
export function ruleSets(figures: Figures): readonly RuleSet[] {
  const unusual = unusualOf(figures.unusual);
  const throttled = throttledOf(figures.throttled);
  const others = partsOf(figures);
  const parts = [...others, unusual];
  const own = parts.some((part) => part.own);
  const free = parts.filter(({ name }) => name !== 'budget');
  return [
    toSet({ name: 'doors', title: 'the doors alone', own: false }, []),
    ...[...others, throttled, unusual].map((part) => toSet(part, [part])),
    {
      ...toSet(unusual, [unusual]),
      name: 'paced',
      title: `the same, a call every ${PACE} s`,
      pace: PACE,
      people: false,
    },
    toSet({ name: 'free', title: 'all of these but money', own }, free),
    toSet({ name: 'all', title: 'all of these', own }, parts),
  ];
}

/** What refusing unusual use is worth: with all rules but money, with these without it, with it alone, and with none. */
export function unusualSets(figures: Figures): Readonly<Record<'strict' | 'off' | 'alone' | 'none', RuleSet>> {
  const unusual = unusualOf(figures.unusual);
  const others = partsOf(figures).filter(({ name }) => name !== 'budget');
  const set = (parts: readonly Part[]): RuleSet => toSet(unusual, parts);
  return { strict: set([...others, unusual]), off: set(others), alone: set([unusual]), none: set([]) };
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

const unusualOf = ({ value, own }: Figures['unusual']): Part => ({
  name: 'unusual',
  title: `unusual, ${value}: refused`,
  own,
  route: {},
  behaviour: { refuse: value },
});

const throttledOf = ({ value: { odds, rate }, own }: Figures['throttled']): Part => ({
  name: 'throttled',
  title: `unusual, ${odds}: ${rate}`,
  own,
  route: {},
  behaviour: { limit: odds, throttle: rate },
});

function toSet(about: Pick<RuleSet, 'name' | 'title' | 'own'>, parts: readonly Part[]): RuleSet {
  const limit = parts.flatMap(({ route }) => [route.limit ?? []].flat());
  const route = Object.assign({}, ...parts.map((part) => part.route), limit.length === 0 ? {} : { limit });
  const has = (name: string): boolean => parts.some((part) => part.name === name);
  const [behaviour = null] = parts.flatMap((part) => part.behaviour ?? []);
  return {
    name: about.name,
    title: about.title,
    own: about.own,
    behaviour,
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
    pace: 0,
    people: parts.length === 1 && (behaviour !== null || has('limit')),
  };
}
