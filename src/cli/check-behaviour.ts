import type { BehaviourAction } from '../guard/behaviour.ts';
import { DEFAULT_THROTTLE, learningOf } from '../guard/config-behaviour.ts';
import type { Policy } from '../guard/policy.ts';

/** What is done about unusual sessions, and what that may cost honest ones. Nothing where nothing is learned. */
export function behaviourNotes({ behaviour: rule, config: { behaviour, workers = 1 } }: Policy): string[] {
  if (rule === null || behaviour === undefined) return [];
  const { sessions, perPrefix } = learningOf(behaviour);
  const words: Readonly<Record<BehaviourAction, string>> = {
    note: 'noted',
    limit: `held to ${behaviour.throttle ?? DEFAULT_THROTTLE}`,
    challenge: 'asked for a challenge',
    login: 'asked to log in',
    refuse: 'refused for a minute',
  };
  const done = rule.actions.map(({ action, odds }) => `one in ${odds.toLocaleString('en')} is ${words[action]}`);
  const kept = behaviour.model === undefined ? 'learned anew after a restart' : `kept in ${behaviour.model}`;
  const each = workers === 1 ? '' : '; each worker learns for itself';
  const hands =
    behaviour.interaction === true ? '; pages tell how they are used by hand: counts and gaps, no content' : '';
  return [
    `behaviour: of sessions that look unusual ${done.join(', ')}, once ${sessions.toLocaleString('en')} sessions were seen, ${perPrefix} of one network at most; ${kept}${each}${hands}`,
  ];
}
