import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import { createJudge } from '../../src/learning/judge.ts';
import { type Learned, learn } from '../../src/learning/learn.ts';
import { createMarks, NO_MARKS } from '../../src/learning/marks.ts';
import { proposedConfig } from '../../src/learning/proposal.ts';
import { judgedBy, type Tried, tryProposal } from '../../src/learning/tried.ts';
import { collectVerdicts, type Verdicts } from '../../src/learning/verdicts.ts';
import { type Made, sourceOf } from './traffic.ts';

export const BARE: Config = { to: 'http://localhost:3000' };

export interface Outcome extends Tried {
  readonly learned: Learned;
  /** What the configuration comes to with the proposal in it. */
  readonly config: Config;
}

/** Learns from what was made, and tries it. */
export async function learnFrom(made: readonly Made[], config: Config = BARE): Promise<Outcome> {
  const sources = [sourceOf(made, createMarks())];
  const learned = await learn(sources, { policy: compilePolicy(config) });
  const tried = await tryProposal(sources, learned, { config });
  return { ...tried, learned, config: proposedConfig(config, tried.proposal) };
}

/** What a configuration says to traffic that it was not learned from. */
export async function judgeAll(config: Config, made: readonly Made[]): Promise<Verdicts> {
  const sources = [sourceOf(made, NO_MARKS)];
  const judge = await createJudge(config, judgedBy(sources));
  try {
    return await collectVerdicts(sources, judge);
  } finally {
    await judge.close();
  }
}

/** A field that a proposal has for a route; undefined where it has none. */
export const fieldOf = ({ proposal }: Tried, match: string, name: string): unknown =>
  proposal.routes.find((route) => route.match === match)?.fields.find((field) => field.name === name)?.value;

/** The routes that a proposal takes up. */
export const routesOf = ({ proposal }: Tried): string[] =>
  proposal.routes.filter(({ doubt }) => doubt === '').map(({ match }) => match);
