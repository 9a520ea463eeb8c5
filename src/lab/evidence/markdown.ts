import { duration, heldWords } from '../rules/table.ts';
import { DELAYS_HEADS, DELAYS_TITLE, delayParts, delayWords } from './delay-words.ts';
import type { AttackerRow, Evidence } from './evidence.ts';
import { SETTING_MEANS, SETTING_TITLES, SETTINGS } from './settings.ts';
import {
  assumed,
  COSTS_TITLE,
  COSTS_WORDS,
  conditions,
  costCells,
  costHeads,
  figure,
  GROUP_TITLES,
  layerLines,
  NOTHING_MEANS,
  PASSED_HEADS,
  PASSED_WORDS,
  titlesOf,
  unusualWords,
  verdictAt,
} from './words.ts';

/** Lines that stand in the page whatever the figures are, in their order. A test holds docs/what-it-costs.md to them. */
export const FRAME = {
  title: '# What it costs',
  origin:
    'Written by `npm run evidence`, which runs `sallyport evidence --markdown docs/what-it-costs.md`. Nobody edits it by hand: run it again for figures of your own machine.',
  attackers: '## What each attacker gets',
  nothing: NOTHING_MEANS,
  attackersHead: '| attacker | off | on by default | strict | CPU s per 1,000, strict | not stopped |',
  costs: `## ${COSTS_TITLE}`,
  costsWords: COSTS_WORDS,
  rules: '## What each rule of use adds',
  rulesHead: '| rule | requests | sessions | CPU s | time | addresses | money |',
  layers: '## What each layer adds',
  layersWords: PASSED_WORDS,
  layersHead: `| layer | ${PASSED_HEADS.join(' | ')} | without it get further | alone it holds |`,
  delays: `## ${DELAYS_TITLE}`,
  delaysHead: `| ${DELAYS_HEADS.join(' | ')} |`,
  possible: '## Still possible',
  conditions: '## Under which conditions',
} as const;

/** docs/what-it-costs.md. */
export function toMarkdown(found: Evidence): string {
  const means = SETTINGS.map((name) => `- **${SETTING_TITLES[name]}**: ${SETTING_MEANS[name]}`);
  const parts = [
    [FRAME.title, '', FRAME.origin, '', ...means],
    [FRAME.attackers, '', ...attackers(found)],
    [FRAME.costs, '', ...costs(found)],
    [FRAME.rules, '', ...rules(found)],
    ...(found.layers === null ? [] : [[FRAME.layers, '', ...layers(found)]]),
    ...(found.delays === null ? [] : [[FRAME.delays, '', ...delays(found)]]),
    [FRAME.possible, '', ...found.stillPossible.map((line) => `- ${line}`)],
    [FRAME.conditions, '', `${conditions(found)}.`, '', assumed(found), '', `Made by \`${found.command}\`.`],
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const rule = (head: string): string => head.replace(/[^|]+/g, '---');

function attackers(found: Evidence): string[] {
  const cells = (row: AttackerRow): string[] => [
    row.title,
    ...SETTINGS.map((setting) => verdictAt(row, setting)),
    figure(row.got.strict.cpuSeconds),
    row.notStopped,
  ];
  return [FRAME.nothing, '', FRAME.attackersHead, rule(FRAME.attackersHead), ...byGroup(found, cells, 6)];
}

function costs(found: Evidence): string[] {
  const head = line(['attacker', ...costHeads(found)]);
  const rows = byGroup(found, (row) => [row.title, ...costCells(row)], 8);
  return [FRAME.costsWords, '', head, rule(head), ...rows];
}

/** Rows under the titles of their groups. */
function byGroup(found: Evidence, cells: (row: AttackerRow) => readonly string[], columns: number): string[] {
  return Object.entries(GROUP_TITLES).flatMap(([group, title]) => {
    const own = found.attackers.filter((row) => row.group === group);
    if (own.length === 0) return [];
    return [line([`**${title}**`, ...new Array<string>(columns - 1).fill('')]), ...own.map((row) => line(cells(row)))];
  });
}

function rules({ rules: found }: Evidence): string[] {
  const rows = found.map(({ title, why, per1000 }) => {
    if (per1000 === null) return line([title, `not measured: ${why}`, '', '', '', '', '']);
    const { requests, sessions, cpuSeconds, seconds, addresses, money } = per1000;
    const counts = [Math.round(requests), Math.round(sessions)].map(String);
    return line([
      title,
      ...counts,
      figure(cpuSeconds),
      duration(seconds),
      addresses === null ? 'none' : String(addresses),
      figure(money),
    ]);
  });
  return [
    'For 1,000 admitted calls by one address of a program that keeps every rule. Addresses: so many have them within an hour; none where everybody together is bounded.',
    '',
    FRAME.rulesHead,
    rule(FRAME.rulesHead),
    ...rows,
    ...heldWords(found).flatMap((words) => ['', words]),
  ];
}

function layers(found: Evidence): string[] {
  const { attackers: run = [], calls = 0 } = found.layers ?? {};
  const words = unusualWords(found);
  return [
    `Each layer of the strict gate off, and each alone, against ${run.length} attackers of ${calls} calls each: ${titlesOf(found, run)}.`,
    '',
    FRAME.layersWords,
    '',
    FRAME.layersHead,
    rule(FRAME.layersHead),
    ...layerLines(found).map(({ name, passed, further, holds }) => line([name, ...passed, further, holds])),
    ...(words === '' ? [] : ['', words]),
  ];
}

function delays(found: Evidence): string[] {
  const empty = DELAYS_HEADS.slice(1).map(() => '');
  const rows = delayParts(found).flatMap(({ title, why, rows: own }) => [
    line([`**${title}**`, ...empty]),
    ...(why === '' ? own.map(line) : [line([`not measured: ${why}`, ...empty])]),
  ]);
  return [...delayWords(found).flatMap((words) => [words, '']), FRAME.delaysHead, rule(FRAME.delaysHead), ...rows];
}
