import { WIDTH, wrap } from '../lib/wrap.ts';
import type { Group } from './lab.ts';
import { assumptions, type Prices } from './prices.ts';
import { rulesTable } from './rules/table.ts';
import type { LabReport, RungReport } from './outcome.ts';

/** Parts of the table, in its order. */
const GROUPS: readonly (readonly [Group, string])[] = [
  ['requests', 'Requests that nobody at the page makes'],
  ['doors', 'Walking the doors'],
  ['use', 'Much, fast and out of turn'],
  ['login', 'Login'],
  ['tokens', 'Tokens'],
  ['objects', 'Who may'],
  ['keys', 'Keys'],
];

const TITLE = 32;
const MONEY = 12;

/** The report for people: plain text, no colours, at most {@link WIDTH} columns. */
export function formatReport(report: LabReport): string {
  const { prices } = report;
  const lines = [
    `Attacked ${report.method} ${report.url}`,
    ...wrap(heading(report), ''),
    '',
    ...header(prices),
    ...GROUPS.flatMap(([group, title]) => part(report, group, title)),
    '',
    ...wrap(
      'CPU and wall: seconds the attacker spends per 1,000 admitted calls, one after another; x: against a plain call of this run, whatever it was answered.',
      '',
    ),
    ...wrap(computed(prices), ''),
    ...made(report),
    ...remarks(report),
    ...(report.rules === null ? [] : ['', ...rulesTable(report.rules)]),
    '',
    'Still possible',
    ...report.stillPossible.flatMap((text) => wrap(text, '  - ')),
  ];
  return `${lines.join('\n')}\n`;
}

function heading(report: LabReport): string {
  // A no-break space: a number is not parted from its unit.
  const time = `${report.seconds.toFixed(1)}\u00a0s`;
  const browser = report.browser === '' ? '' : `, ${report.browser}`;
  if (!report.gate) return `NOTHING IS BLOCKED: no gate answers at this address (${time}${browser}).`;
  if (report.nothingBlocked) return `NOTHING IS BLOCKED: ${whyNothing(report)} (${time}${browser}).`;
  const mode = report.mode === 'unknown' ? 'The gate refuses plain calls here' : `The gate runs in ${report.mode} mode`;
  const share = report.rollout === '100%' ? '' : `, for ${report.rollout} of the sessions`;
  return `${mode}${share} (${time}${browser}).`;
}

function whyNothing(report: LabReport): string {
  const seen = 'a plain client got the backend’s answer';
  if (report.mode === 'report') return `the gate runs in report mode, and ${seen}`;
  if (report.mode === 'enforce' && report.rollout !== '100%')
    return `the gate enforces for ${report.rollout} of the sessions, and ${seen}: this address is not among them`;
  if (report.mode === 'enforce') return `the gate runs in enforce mode, but leaves this address open: ${seen}`;
  return `${seen}; the gate runs in report mode, or leaves this address open`;
}

/** What the run left behind at the gate. */
function made({ made: names, removed, issued, revoked }: LabReport): string[] {
  const people = `Anybody may sign up here: the lab made ${names.join(' and ')} for this run${removed ? ' and removed them' : ''}.`;
  const keys = `The lab issued the keys ${issued.join(' and ')} for this run${revoked ? ' and revoked them' : ''}.`;
  return [...(names.length === 0 ? [] : wrap(people, '')), ...(issued.length === 0 ? [] : wrap(keys, ''))];
}

/** How the last column came about. */
const computed = (prices: Prices): string =>
  `Money: per 1,000 admitted calls, what each row needs of these. ${assumptions(prices)}. Your own: --prices FILE.`;

function header({ currency }: Prices): string[] {
  const names = columns(['CPU', 'x', 'wall', 'x']) + currency.padStart(MONEY);
  const line = `${'attacker'.padEnd(TITLE)}  ${'verdict'.padEnd(8)}  ${'admitted'.padStart(11)}${names}`;
  return [line, '-'.repeat(line.length)];
}

const columns = (values: readonly string[]): string => values.map((text) => text.padStart(8)).join('');

/** The rows of one part; a reason that several of its rows share is told once. */
function part({ rungs }: LabReport, group: Group, title: string): string[] {
  let told = '';
  const rows = rungs
    .filter((rung) => rung.group === group)
    .flatMap((rung) => {
      const why = rung.verdict === 'not run' && rung.why === told ? 'as the row above' : rung.why;
      told = rung.verdict === 'not run' ? rung.why : '';
      return row({ ...rung, why });
    });
  return rows.length === 0 ? [] : ['', title.toUpperCase(), ...rows];
}

function row(rung: RungReport): string[] {
  const start = `${rung.title.padEnd(TITLE)}  ${rung.verdict.padEnd(8)}  `;
  if (rung.verdict === 'not run') return wrap(rung.why, start);
  const { cost } = rung;
  const figures = [number(cost?.cpuSeconds), ratio(cost?.cpuRatio), number(cost?.wallSeconds), ratio(cost?.wallRatio)];
  const money = amount(cost?.bill?.total).padStart(MONEY);
  return [`${start}${`${rung.admitted} of ${rung.tried}`.padStart(11)}${columns(figures)}${money}`];
}

/** Three significant digits at most: more would claim what a busy machine cannot tell. */
function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '-';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const ratio = (value: number | null | undefined): string => {
  const text = number(value);
  return text === '-' ? text : `${text}x`;
};

/** Two significant digits, without an exponent as long as that fits the column. */
function amount(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  const text = value.toLocaleString('en', { maximumSignificantDigits: 2, useGrouping: false });
  return text.length < MONEY ? text : value.toExponential(1);
}

/** What a person reads where a refusal's code is none of the table's (AnswerKind). */
const SHOWN: Readonly<Record<string, string>> = {
  unknown: 'code not readable from there',
  preflight: 'kept back by the preflight',
};

/** Time to detection, as far as the gate showed it: what it only took down is for its owner. */
function detection({ detected, tried }: RungReport): string {
  if (detected === null) return 'not detected by any answer';
  return `detected at try ${Math.max(1, detected.at)} of ${tried}, after ${number(detected.seconds)} s`;
}

function remarks(report: LabReport): string[] {
  const lines = report.rungs.flatMap((rung) => {
    const texts = [...rung.notes];
    const refused = Object.entries(rung.refused).map(([code, times]) => `${SHOWN[code] ?? code} ${times}`);
    if (refused.length > 0) texts.push(`refused: ${refused.join(', ')}`);
    if (rung.verdict !== 'not run') texts.push(detection(rung));
    if (rung.cost !== null) texts.push(`${rung.steps.length} things to write or run`);
    if (rung.verdict === 'stopped' && rung.spent?.cpu) texts.push(`${number(rung.spent.cpu)} s of CPU for nothing`);
    if (rung.setup !== null && rung.cost !== null)
      texts.push(`ready for its first call after ${number(rung.setup.wall)} s`);
    return texts.length === 0 ? [] : wrap(texts.join('; '), `  ${rung.title}: `, '    ');
  });
  const doors =
    report.gate && report.doors !== '' ? wrap(`The doors did not open to the lab: ${report.doors}.`, '') : [];
  const status =
    report.honestStatus >= 400
      ? [`The backend answered the honest client with ${report.honestStatus}: an address that exists tells more.`]
      : [];
  return [
    ...(lines.length === 0 ? [] : ['', 'Remarks', ...lines]),
    ...doors,
    ...status.flatMap((text) => wrap(text, '')),
  ];
}
