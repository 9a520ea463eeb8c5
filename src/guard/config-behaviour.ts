import { BEHAVIOUR_ACTIONS, type BehaviourAction } from './behaviour.ts';
import type { Config } from './config.ts';
import { limitOf } from './config-use.ts';
import type { UseRules } from './use.ts';

/**
 * What is done about sessions that use the app as hardly anybody does. Each of the first five fields says how rare a session has
 * to look: `'1 in 1000'`. That is what it may cost in sessions of honest people, and the only threshold there is.
 */
export interface BehaviourConfig {
  /** The record says so, and nothing else happens. */
  note?: string;
  /** The session is held to `throttle`. */
  limit?: string;
  /** A challenge is asked for, once in a while. Needs `challenge`. */
  challenge?: string;
  /** Whoever is not logged in has to. Needs `login`. */
  login?: string;
  /** Its calls are refused for a minute, or until the page is loaded again: then it starts afresh. */
  refuse?: string;
  /** What `limit` leaves it. Default `60/minute`. */
  throttle?: string;
  /** Sessions of eight calls or more that have to be seen before anything is done, 200 to 100,000. Default 2000. */
  sessions?: number;
  /** Of so many of them one network may teach, in each span of `sessions`. Default one in fifty, 5 at least. */
  perPrefix?: number;
  /** Pages tell how they are used by hand: counts and gaps of events, never content or places (docs/behaviour.md). Default false. */
  interaction?: boolean;
  /** File that keeps what was learned over restarts. Default: it is learned anew. */
  model?: string;
}

/** Compiled. */
export interface BehaviourRule {
  /** One in how many; actions that are not configured are not in it. From the mildest. */
  readonly actions: readonly { readonly action: BehaviourAction; readonly odds: number }[];
  readonly throttle: UseRules;
}

export const DEFAULT_SESSIONS = 2000;
export const DEFAULT_THROTTLE = '60/minute';
/** Odds that can be named. */
export const LEAST_ODDS = 10;
export const MOST_ODDS = 1_000_000;

/** `1 in 1000`: the number; 0 for anything else. */
export function parseOdds(text: string): number {
  const [, digits = ''] = /^1 in ([1-9]\d{0,6})$/.exec(text) ?? [];
  const odds = Number(digits);
  return odds >= LEAST_ODDS && odds <= MOST_ODDS ? odds : 0;
}

/** How much has to be seen, and how much of it one network may teach. */
export function learningOf({ sessions = DEFAULT_SESSIONS, perPrefix }: BehaviourConfig): {
  readonly sessions: number;
  readonly perPrefix: number;
} {
  return { sessions, perPrefix: perPrefix ?? Math.max(5, Math.ceil(sessions / 50)) };
}

export function compileBehaviour({ behaviour }: Config): BehaviourRule | null {
  if (behaviour === undefined) return null;
  const actions = BEHAVIOUR_ACTIONS.flatMap((action) => {
    const odds = behaviour[action];
    return odds === undefined ? [] : [{ action, odds: parseOdds(odds) }];
  });
  const { throttle = DEFAULT_THROTTLE } = behaviour;
  return Object.freeze({ actions, throttle: limitOf('behaviour', { rate: throttle, per: 'session' }) });
}

/** The strongest that applies to a session as unusual as that; null for none. */
export function actionAt({ actions }: BehaviourRule, odds: number): BehaviourAction | null {
  let found: BehaviourAction | null = null;
  for (const row of actions) if (odds >= row.odds) found = row.action;
  return found;
}
