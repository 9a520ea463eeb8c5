import { wrap } from '../../lib/wrap.ts';
import type { Evidence } from './evidence.ts';
import { SETTING_TITLES, SETTINGS } from './settings.ts';
import { GROUP_TITLES, layerLines, NOTHING_MEANS, PASSED_WORDS, unusualWords, verdictAt } from './words.ts';

const TITLE = 34;
const CELL = 16;
const LAYER = 24;

/** The first page for people at a terminal: at most 100 columns. */
export function firstTable(found: Evidence): string {
  const head =
    `${'attacker'.padEnd(TITLE)}${SETTINGS.map((name) => SETTING_TITLES[name].padEnd(CELL)).join('')}`.trimEnd();
  const groups = Object.entries(GROUP_TITLES).flatMap(([group, title]) => {
    const rows = found.attackers.filter((row) => row.group === group);
    if (rows.length === 0) return [];
    const lines = rows.map((row) => {
      const cells = SETTINGS.map((name) => verdictAt(row, name).padEnd(CELL));
      return `${row.title.padEnd(TITLE)}${cells.join('')}`.trimEnd();
    });
    return ['', title.toUpperCase(), ...lines];
  });
  return `${[head, '-'.repeat(TITLE + SETTINGS.length * CELL), ...groups, '', ...wrap(NOTHING_MEANS, ''), ...layersTable(found)].join('\n')}\n`;
}

function layersTable(found: Evidence): string[] {
  if (found.layers === null) return [];
  const words = unusualWords(found);
  return [
    '',
    'WHAT EACH LAYER ADDS',
    ...wrap(PASSED_WORDS, ''),
    ...layerLines(found).flatMap(({ name, passed, further, holds }) => {
      const [all = '', without = '', alone = '', none = ''] = passed;
      return [
        `${name.padEnd(LAYER)}pass, all: ${all}; without it: ${without}; it alone: ${alone}; none: ${none}`,
        ...wrap(`without it get further: ${further}`, ' '.repeat(LAYER)),
        ...wrap(`alone it holds: ${holds}`, ' '.repeat(LAYER)),
      ];
    }),
    ...(words === '' ? [] : wrap(words, '')),
  ];
}
