import { BEHAVIOUR_ACTIONS } from './behaviour.ts';
import type { Config } from './config.ts';
import { DEFAULT_SESSIONS, LEAST_ODDS, MOST_ODDS, parseOdds } from './config-behaviour.ts';
import * as rules from './config-rules.ts';
import { fields, flag, optional, text, whole } from './config-schema-parts.ts';
import { rate } from './config-schema-use.ts';
import type { ConfigProblem } from './errors.ts';

const ODDS = `write how rare a session has to look, as in "1 in 1000": one in ${LEAST_ODDS} to one in ${MOST_ODDS.toLocaleString('en')}`;
const odds = optional(text((value) => (parseOdds(value) === 0 ? ODDS : ''), ODDS));

const FEWEST_SESSIONS = 200;
const MOST_SESSIONS = 100_000;
/** What is rarer than this multiple of what was seen cannot be told from what was never seen. */
const REACH = 10;

/** The shape of {@link import('./config-behaviour.ts').BehaviourConfig}. */
export const behaviourSchema = fields({
  note: odds,
  limit: odds,
  challenge: odds,
  login: odds,
  refuse: odds,
  throttle: optional(text(rate)),
  sessions: optional(whole(FEWEST_SESSIONS, 'sessions')),
  perPrefix: optional(whole(1, 'sessions')),
  interaction: optional(flag),
  model: optional(text(rules.nonEmpty)),
});

/** Thresholds that contradict each other, cannot be told, or ask for what there is not. */
export function behaviourProblems({ behaviour, challenge, login }: Config): ConfigProblem[] {
  if (behaviour === undefined) return [];
  const problems: ConfigProblem[] = [];
  const say = (field: string, value: unknown, rule: string): void => {
    problems.push({ field: `behaviour${field}`, value: JSON.stringify(value), rule });
  };
  const { sessions = DEFAULT_SESSIONS, perPrefix, limit, throttle } = behaviour;
  const used = BEHAVIOUR_ACTIONS.filter((action) => behaviour[action] !== undefined);
  if (used.length === 0) say('', behaviour, 'nothing would be done; write note: "1 in 100" to see what it finds');
  for (const [index, action] of used.entries()) {
    const given = behaviour[action] ?? '';
    const milder = used[index - 1];
    if (milder !== undefined && parseOdds(given) < parseOdds(behaviour[milder] ?? ''))
      say(
        `.${action}`,
        given,
        `does more than ${milder} and has to be as rare at least; write "${behaviour[milder]}" or rarer`,
      );
    if (parseOdds(given) > REACH * sessions)
      say(
        `.${action}`,
        given,
        `nothing so rare can be told after ${sessions} sessions; write sessions: ${Math.ceil(parseOdds(given) / REACH)}, or up to "1 in ${REACH * sessions}" here`,
      );
  }
  if (sessions > MOST_SESSIONS) say('.sessions', sessions, `write ${MOST_SESSIONS} at most`);
  if (perPrefix !== undefined && perPrefix > sessions)
    say('.perPrefix', perPrefix, `one network cannot teach more than all; write at most sessions, ${sessions}`);
  if (throttle !== undefined && limit === undefined)
    say('.throttle', throttle, 'this is what limit leaves a session; write limit as well, or leave it out');
  if (behaviour.challenge !== undefined && challenge === undefined)
    say(
      '.challenge',
      behaviour.challenge,
      'nobody says what is asked for; write challenge: {} beside it, for a proof of work',
    );
  const keepsLogins = login?.providers !== undefined || login?.accounts !== undefined;
  if (behaviour.login !== undefined && !keepsLogins)
    say('.login', behaviour.login, 'sessions have no login of the gate here; write login as well, or refuse');
  return problems;
}
