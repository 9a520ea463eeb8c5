import { type ChildProcess, fork } from 'node:child_process';
import type { Config } from '../../guard/config.ts';
import { moneyFor, type Prices } from '../prices.ts';
import { figuresOf } from './figures.ts';
import { type RuleSet, ruleSets } from './rule-sets.ts';
import type { ShopAnswer, ShopOrder } from './shop.ts';
import { type Shop, type Walked, walkRules } from './walk.ts';

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
  try {
    for (const set of ruleSets(figuresOf(policy))) {
      rows.push(await measure(owner, set, { calls, seconds, patience: PATIENCE }, prices));
    }
  } finally {
    owner.child.disconnect();
  }
  return { prices, rows };
}

type Want = Parameters<typeof walkRules>[2];

async function measure(owner: Shops, set: RuleSet, want: Want, prices: Prices): Promise<RuleRow> {
  const { name, title, own } = set;
  const row = { name, title, own, admitted: 0, per1000: null };
  try {
    const shop = await owner.open(set.config);
    // One is compiled, warmed up and thrown away: the first row would pay for all.
    if (name === 'doors') await walkRules(shop, set, { ...want, calls: Math.min(want.calls, WARM_UP) });
    const walked = await walkRules(shop, set, want);
    if (walked.admitted === 0) return { ...row, why: walked.ended };
    return { ...row, why: '', admitted: walked.admitted, per1000: perThousand(walked, set.bounded, prices) };
  } catch (error) {
    return { ...row, why: error instanceof Error ? error.message : String(error) };
  }
}

const WARM_UP = 200;
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

interface Shops {
  readonly child: ChildProcess;
  open(config: Config): Promise<Shop>;
}

function startShops(): Shops {
  // In the checkout this file is TypeScript, in the package it is not; its neighbour is of the same kind.
  const file = new URL(import.meta.url.endsWith('.ts') ? './shop.ts' : './shop.js', import.meta.url);
  const child = fork(file, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, SALLYPORT_SECRET: '' },
  });
  const send = (order: ShopOrder): Promise<ShopAnswer> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the process of the gate under measurement ended'));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        // SAFETY: our own child answers every order with one message of this shape.
        resolve(message as ShopAnswer);
      });
      child.send(order);
    });
  let ahead = 0;
  return {
    child,
    async open(config) {
      const { port, failed } = await send({ kind: 'open', config });
      if (failed !== '') throw new Error(failed);
      return {
        port,
        ahead: () => ahead,
        async advance(milliseconds) {
          ahead += milliseconds;
          await send({ kind: 'advance', milliseconds });
        },
      };
    },
  };
}
