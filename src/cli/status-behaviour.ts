import { BEHAVIOUR_ACTIONS, type BehaviourFigures } from '../guard/behaviour.ts';
import { count, type Paint, table } from './terminal.ts';

const DONE = {
  note: 'noted',
  limit: 'limited',
  challenge: 'asked for a challenge',
  login: 'asked to log in',
  refuse: 'refused',
} as const;

/** How far the gate has learned how this app is used, and what it did about who uses it otherwise. '' where it learns nothing. */
export function formatBehaviour(figures: BehaviourFigures | null, paint: Paint): string {
  if (figures === null) return '';
  const { learned, needed, crowded, watched, acted, judged, wave } = figures;
  const learning = `${number(learned)} of ${number(needed)} sessions`;
  const rows =
    learned < needed
      ? [
          ['learning', paint.careful(`still learning, ${learning}: nothing is done yet`)],
          // Where all people come from a few networks it would wait for ever.
          ...(crowded > learned
            ? [
                [
                  'waiting',
                  `${count(crowded, 'session')} of networks that have taught their share; see behaviour.perPrefix`,
                ],
              ]
            : []),
        ]
      : [
          ['judged', `${count(judged, 'session')} since the start`],
          ...BEHAVIOUR_ACTIONS.filter((action) => acted[action] > 0).map((action) => [
            DONE[action],
            count(acted[action], 'session'),
          ]),
        ];
  const warning = 'many sessions look unusual at once, as after a release: it limits at most, and learns anew';
  return `${paint.strong('Behaviour')}\n${table([
    ...rows,
    ['watched', `${count(watched, 'session')} now`],
    ...(wave ? [['wave', paint.careful(warning)]] : []),
  ])}`;
}

const number = (value: number): string => value.toLocaleString('en');
