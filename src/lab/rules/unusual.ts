import type { Config } from '../../guard/config.ts';
import { kindOf } from '../answer.ts';
import { createSender, field } from '../http.ts';
import { parseTarget } from '../target.ts';
import { createWireClient } from '../wire-client.ts';
import { figuresOf } from './figures.ts';
import { configOf } from './measure.ts';
import { LIST, type RuleSet, thing, unusualSets } from './rule-sets.ts';
import { type Shops, startShops } from './shops.ts';
import { createTaughtModels, type TaughtModels } from './taught.ts';
import { askFor, prepare, type Shop } from './walk.ts';

/** What it is worth to refuse unusual use, at gates that made-up people have taught. Plain JSON. */
export interface UnusualWorth {
  /** Calls of each program at each gate. */
  readonly calls: number;
  readonly programs: readonly ProgramWorth[];
  /** Why it was not measured; '', and then there are programs. */
  readonly why: string;
}

export interface ProgramWorth {
  readonly name: ProgramName;
  /** Part of its calls that is admitted, 0 to 1: with all rules but money, with these without it, with it alone, with none. */
  readonly passed: Readonly<Record<'strict' | 'off' | 'alone' | 'none', number>>;
}

/** What a program does once it is told that it uses the app as nobody does: goes on, or loads the page anew. */
const PROGRAMS = ['one visit', 'new visits'] as const;

export type ProgramName = (typeof PROGRAMS)[number];

/** Runs both programs at four gates, one after another. Some seconds. */
export async function measureUnusual(policy: Config, calls: number): Promise<UnusualWorth> {
  const sets = unusualSets(figuresOf(policy));
  const owner = startShops();
  const models = createTaughtModels();
  const passed = async (name: ProgramName): Promise<ProgramWorth> => {
    const at = (set: RuleSet): Promise<number> => partAt({ owner, models }, set, name, calls);
    const [strict, off] = [await at(sets.strict), await at(sets.off)];
    return { name, passed: { strict, off, alone: await at(sets.alone), none: await at(sets.none) } };
  };
  try {
    const programs: ProgramWorth[] = [];
    for (const name of PROGRAMS) programs.push(await passed(name));
    return { calls, programs, why: '' };
  } catch (error) {
    return { calls, programs: [], why: error instanceof Error ? error.message : String(error) };
  } finally {
    await owner.close();
    await models.close();
  }
}

interface Place {
  readonly owner: Shops;
  readonly models: TaughtModels;
}

/** At a gate of its own: what one program has done is not laid to the other. */
async function partAt({ owner, models }: Place, set: RuleSet, name: ProgramName, calls: number): Promise<number> {
  const shop = await owner.open(await configOf(set, models));
  return (await walkAlone(shop, set, name, calls)) / calls;
}

/**
 * So many calls of one session that asks for one thing after another as fast as it may, keeps what the other rules say, and
 * waits where it is told to. Answers how many were admitted.
 */
export async function walkAlone(shop: Shop, set: RuleSet, name: ProgramName, calls: number): Promise<number> {
  const target = parseTarget(`http://127.0.0.1:${shop.port}${LIST}`);
  const sender = createSender(target);
  const client = createWireClient(target, '/', sender, () => Date.now() + shop.ahead());
  const hand = { client, given: new Set<number>() };
  let admitted = 0;
  try {
    let { opened, why } = await client.open();
    for (let tried = 0; tried < calls && opened; tried += 1) {
      await prepare(set, hand, tried);
      if (set.step !== null) await shop.advance(set.step.seconds * 1000);
      const answer = await askFor(set, client, thing(tried));
      const kind = kindOf(answer);
      if (kind.by === 'nobody') throw new Error(kind.why);
      if (kind.by === 'backend') admitted += 1;
      else if (kind.code !== 'behaviour') {
        await shop.advance(1000 * (Number(field(answer.fields, 'retry-after')) || 0));
        // A ticket has run out: as the page, it goes on with another.
        if (kind.code === 'stale' || kind.code === 'entry-required') ({ opened, why } = await client.open());
      } else if (name === 'new visits') ({ opened, why } = await client.open());
    }
    if (!opened) throw new Error(why);
    return admitted;
  } finally {
    sender.close();
  }
}
