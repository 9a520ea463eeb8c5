import { wrap } from '../../lib/wrap.ts';
import type { Evidence } from './evidence.ts';
import { SETTING_TITLES, SETTINGS } from './settings.ts';
import { GROUP_TITLES, titlesOf } from './words.ts';

const TITLE = 34;
const CELL = 16;

/** The first page for people at a terminal: at most 100 columns. */
export function firstTable(found: Evidence): string {
  const head =
    `${'attacker'.padEnd(TITLE)}${SETTINGS.map((name) => SETTING_TITLES[name].padEnd(CELL)).join('')}`.trimEnd();
  const groups = Object.entries(GROUP_TITLES).flatMap(([group, title]) => {
    const rows = found.attackers.filter((row) => row.group === group);
    if (rows.length === 0) return [];
    const lines = rows.map((row) => {
      const cells = SETTINGS.map((name) => row.got[name].verdict.padEnd(CELL));
      return `${row.title.padEnd(TITLE)}${cells.join('')}`.trimEnd();
    });
    return ['', title.toUpperCase(), ...lines];
  });
  return `${[head, '-'.repeat(TITLE + SETTINGS.length * CELL), ...groups, ...layersTable(found)].join('\n')}\n`;
}

function layersTable(found: Evidence): string[] {
  const { layers } = found;
  if (layers === null) return [];
  return [
    '',
    'WHAT EACH LAYER ADDS',
    ...layers.rows.flatMap(({ name, offLetsIn, aloneHolds }) => [
      ...wrap(`without it get further: ${titlesOf(found, offLetsIn)}`, `${name.padEnd(16)}`),
      ...wrap(`alone it holds: ${titlesOf(found, aloneHolds)}`, ' '.repeat(16)),
    ]),
  ];
}
