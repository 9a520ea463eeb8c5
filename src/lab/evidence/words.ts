import type { Group } from '../lab.ts';
import { assumptions } from '../prices.ts';
import { duration } from '../rules/table.ts';
import type { AttackerRow, Evidence, Got } from './evidence.ts';
import type { LayerRow } from './ablate.ts';
import type { SettingName } from './settings.ts';

/** Parts of the tables, in their order. */
export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  requests: 'Requests that nobody at the page makes',
  doors: 'Walking the doors',
  use: 'Much, fast and out of turn',
  login: 'Login',
  tokens: 'Tokens',
  objects: 'Who may',
  keys: 'Keys',
};

/** Three significant digits at most: more would claim what a busy machine cannot tell. */
export function figure(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en', { maximumSignificantDigits: 3, useGrouping: false });
}

/** In place of a verdict where the strict gate has what this one has not: {@link NOTHING_MEANS}. */
export const NOTHING = 'nothing';
export const NOTHING_MEANS =
  '“Nothing”: this gate has nothing of the kind that could be attacked, as no login, no keys, or nothing that is refused.';

/** What an attacker got at one gate, in a word or two. */
export const verdictAt = ({ got }: AttackerRow, setting: SettingName): string =>
  got[setting].verdict === 'not run' && got.strict.verdict !== 'not run' ? NOTHING : got[setting].verdict;

/** `12 of 100`; why not, where it did not run. */
export const share = ({ verdict, admitted, tried, why }: Got): string =>
  verdict === 'not run' ? why : `${admitted} of ${tried}`;

/** What holds of every figure in a report. */
export function conditions({ versions, machine, calls, made }: Evidence): string {
  const { sallyport, node, browser, system } = versions;
  const parts = [
    `Sallyport ${sallyport}, Node ${node}, ${browser === '' ? 'no browser' : browser}, ${system}`,
    `${machine.cores} cores (${machine.processor}), load ${machine.load.toFixed(1)}, the same calls ${Math.round(machine.unrest * 100)} % apart in CPU`,
    `prices by ${calls} calls`,
    made,
  ];
  return parts.join('; ');
}

/** Not to be broken between two lines. */
export const PRICES_FLAG = '--prices FILE';

export function assumed({ prices }: Evidence): string {
  return `${assumptions(prices)}. Your own: ${PRICES_FLAG}.`;
}

/** `try 3 of 20, 0.4 s` after it began; that it was not noticed, where it was not. */
export function noticed({ verdict, detected, tried }: Got): string {
  if (verdict === 'not run') return '–';
  if (detected === null) return 'never';
  const seconds = detected.seconds < 0.01 ? 'under 0.01' : detected.seconds.toFixed(detected.seconds < 10 ? 2 : 0);
  return `try ${Math.max(1, detected.at)} of ${tried}, ${seconds} s`;
}

/** What the table of costs is about, and its columns after the attacker. Figures are of the strict gate. */
export const COSTS_TITLE = 'What it costs who gets in';
export const COSTS_WORDS =
  'At the strict gate, for 1,000 admitted calls made one after another. Noticed: when the gate first refused, asked for something or made somebody wait. CPU is by the stretch of calls that the machine disturbed least, with what was refused in it; x is against a plain call. Time is on the clock and money follows from both, so that neither is steady on a busy machine. Steps: things that somebody has to write or run, listed in the JSON and in the HTML report.';

export const costHeads = ({ prices }: Evidence): readonly string[] => [
  ...['got in', 'noticed', 'CPU s', 'x', 'time', prices.currency, 'steps'],
];

/** Cells of one row under {@link costHeads}. */
export function costCells({ got: { strict }, steps }: AttackerRow): readonly string[] {
  const { cpuSeconds, cpuRatio, wallSeconds, bill } = strict;
  return [
    strict.verdict === 'not run' ? 'not run' : share(strict),
    noticed(strict),
    figure(cpuSeconds),
    cpuRatio === null ? '–' : figure(cpuRatio),
    wallSeconds === null ? '–' : duration(wallSeconds),
    bill === null ? '–' : bill.total.toLocaleString('en', { maximumSignificantDigits: 2, useGrouping: false }),
    String(steps.length),
  ];
}

/** Titles of attackers by their names. */
export function titlesOf({ attackers }: Evidence, names: readonly string[]): string {
  const titles = names.map((name) => attackers.find((row) => row.name === name)?.title ?? name);
  return titles.length === 0 ? 'none' : titles.join(', ');
}

/** Heads and words of the part of the calls that passes, at the gates of one layer: its worth in figures. */
export const PASSED_HEADS = ['pass, all', 'without it', 'it alone', 'none'] as const;
export const PASSED_WORDS =
  'Pass: the part of the attackers’ calls that is admitted with all layers, without this one, with this one alone, and with none, each attacker counted once.';

const percents = ({ strict, off, alone, none }: LayerRow['passed']): readonly string[] =>
  [strict, off, alone, none].map((part) => `${Math.round(part * 100)} %`);

/** A row of the layers' table, in words. */
export interface LayerLine {
  readonly name: string;
  /** Under {@link PASSED_HEADS}. */
  readonly passed: readonly string[];
  readonly further: string;
  readonly holds: string;
  readonly cpu: LayerRow['cpu'];
}

/** Layers against the attackers, and then the one that goes by use. */
export function layerLines(found: Evidence): readonly LayerLine[] {
  const { rows = [], unusual = null } = found.layers ?? {};
  const lines = rows.map(
    ({ name, passed, offLetsIn, aloneHolds, cpu }): LayerLine => ({
      name,
      passed: percents(passed),
      further: titlesOf(found, offLetsIn),
      holds: titlesOf(found, aloneHolds),
      cpu,
    }),
  );
  if (unusual === null) return lines;
  const cpu = { strict: null, off: null, alone: null };
  if (unusual.why !== '') {
    const further = `not measured: ${unusual.why}`;
    return [...lines, { name: 'behaviour', passed: PASSED_HEADS.map(() => '–'), further, holds: '–', cpu }];
  }
  const programs = unusual.programs.map(({ name, passed }): LayerLine => {
    const { strict, off, alone, none } = passed;
    const said = (holds: boolean): string => (holds ? 'that program' : 'none');
    const title = `behaviour, ${name}`;
    return { name: title, passed: percents(passed), further: said(strict < off), holds: said(alone < none), cpu };
  });
  return [...lines, ...programs];
}

/** What the rows of the layer are about that goes by use; '' where there are none. */
export const unusualWords = ({ layers }: Evidence): string =>
  layers === null || layers.unusual === null
    ? ''
    : `Behaviour needs more calls, and people who taught it: its rows are of gates of the lab’s own that made-up people have taught, against one session of ${layers.unusual.calls} calls that asks for one thing after another and keeps every other rule. All: every rule of the table above but money. One visit: it goes on when it is refused; new visits: it loads the page anew, and is judged from the start. A program is named where fewer of its calls pass.`;
