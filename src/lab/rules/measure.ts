import type { Config } from '../../guard/config.ts';
import { moneyFor, type Prices } from '../prices.ts';
import { figuresOf } from './figures.ts';
import { createPeople } from './people.ts';
import { type RuleSet, ruleSets } from './rule-sets.ts';
import { type Shops, startShops } from './shops.ts';
import { createTaughtModels, type TaughtModels } from './taught.ts';
import { type Noticed, type Walked, walkRules } from './walk.ts';
import { type People, walkPeople } from './walk-people.ts';

/** What each rule adds to the price of a program that walks the doors. Plain JSON. */
export interface RulesReport {
  readonly prices: Prices;
  readonly rows: readonly RuleRow[];
}

export interface RuleRow {
  readonly name: string;
  readonly title: string;
  /** Whether a figure of the rule is this gate's own; else it is an example. */
  readonly own: boolean;
  /** Why it was not measured; ''. */
  readonly why: string;
  /** Calls by which it was measured. */
  readonly admitted: number;
  /** Per 1,000 admitted calls by one address; null where none was admitted. */
  readonly per1000: PerThousand | null;
  /** When the gate first said something against it: calls that it had had, and seconds. Null where it never did. */
  readonly noticed: Noticed | null;
  /** People at the same gate, each at their own pace; null where the rule does not go by how it is used. */
  readonly people: People | null;
}

export interface PerThousand {
  readonly requests: number;
  readonly sessions: number;
  readonly cpuSeconds: number;
  /** On the clock, with all waits. */
  readonly seconds: number;
  /** Addresses that have them within an hour; null where everybody together is bounded, so that no number has. */
  readonly addresses: number | null;
  /** CPU and further addresses, by {@link RulesReport.prices}. Where addresses are of no use, CPU alone. */
  readonly money: number;
}

export interface RulesOrder {
  /** The gate's own policy; `{}` where it is not known. */
  readonly policy: Config;
  readonly prices: Prices;
  readonly calls: number;
  /** Seconds for each row. */
  readonly seconds: number;
}

/** Longest time that a client waits in all, by the gate's clock: what takes longer is scaled. */
const PATIENCE = 7 * 86_400;

/** Measures one gate after another, each of the lab's own, in a process of theirs. */
export async function measureRules({ policy, prices, calls, seconds }: RulesOrder): Promise<RulesReport> {
  const rows: RuleRow[] = [];
  const owner = startShops();
  const models = createTaughtModels();
  try {
    for (const set of ruleSets(figuresOf(policy))) {
      rows.push(await measure({ owner, models, prices }, set, { calls, seconds, patience: PATIENCE }));
    }
  } finally {
    await owner.close();
    await models.close();
  }
  return { prices, rows };
}

type Want = Parameters<typeof walkRules>[2];

interface Place {
  readonly owner: Shops;
  readonly models: TaughtModels;
  readonly prices: Prices;
}

async function measure({ owner, models, prices }: Place, set: RuleSet, want: Want): Promise<RuleRow> {
  const { name, title, own } = set;
  const row = { name, title, own, admitted: 0, per1000: null, noticed: null, people: null };
  try {
    const shop = await owner.open(await configOf(set, models));
    const people = set.people ? await walkPeople(shop, createPeople(PEOPLE_SEED, set.step !== null), PEOPLE) : null;
    // One is compiled, warmed up and thrown away: the first row would pay for all.
    if (name === 'doors') await walkRules(shop, set, { ...want, calls: Math.min(want.calls, WARM_UP) });
    const walked = await walkRules(shop, set, want);
    if (walked.admitted === 0) return { ...row, why: walked.ended };
    const { admitted, noticed } = walked;
    return { ...row, why: '', admitted, per1000: perThousand(walked, set.bounded, prices), noticed, people };
  } catch (error) {
    return { ...row, why: error instanceof Error ? error.message : String(error) };
  }
}

const WARM_UP = 200;
/** People at one gate, and the seed of what they do: not that of those who taught it. */
const PEOPLE = 20;
const PEOPLE_SEED = 2;

/** With the model that it needs, which the gate reads as any would. */
export async function configOf({ config, behaviour, step }: RuleSet, models: TaughtModels): Promise<Config> {
  if (behaviour === null) return config;
  return { ...config, behaviour: { ...behaviour, model: await models.file(step !== null) } };
}

/** Part of an hour by which a rate of so many an hour is missed without another address. */
const SPARE = 0.02;

function perThousand(walked: Walked, bounded: boolean, prices: Prices): PerThousand {
  const { admitted, requests, sessions, spend, waited } = walked;
  const scale = 1000 / admitted;
  const cpuSeconds = (spend.cpu ?? 0) * scale;
  const seconds = (spend.wall + waited) * scale;
  const addresses = bounded ? null : Math.max(1, Math.ceil(seconds / 3600 - SPARE));
  const money = moneyFor(cpuSeconds, addresses, prices);
  return { requests: requests * scale, sessions: sessions * scale, cpuSeconds, seconds, addresses, money };
}
