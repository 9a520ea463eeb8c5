import { wrap } from '../../lib/wrap.ts';
import type { PerThousand, RuleRow, RulesReport } from './measure.ts';

const TITLE = 36;
const WIDTHS = [10, 10, 9, 10, 11, 12];

/** What each rule adds, for people: at most 100 columns. */
export function rulesTable({ rows, prices }: RulesReport): string[] {
  const heads = ['requests', 'sessions', 'CPU', 'time', 'addresses', prices.currency];
  const line = `${'rule'.padEnd(TITLE)}${cells(heads)}`;
  return [
    'What each rule adds to the price of a program that walks the doors',
    '',
    line,
    '-'.repeat(line.length),
    ...rows.flatMap(toLine),
    '',
    ...wrap(
      'Per 1,000 admitted calls by one address, at gates of the lab’s own with these rules, each alone and then together; their clock is put forward by every wait. * has this gate’s own figures, the others are examples. time: on the clock, with all waits. addresses: that have them within an hour; none: everybody together is bounded, so that no number has.',
      '',
    ),
    ...heldWords(rows).flatMap((words) => wrap(words, '')),
    ...wrap(
      `${prices.currency}: cores and addresses, at the assumed prices of ${prices.asOf} that are named above.`,
      '',
    ),
  ];
}

/** When the program was first held up, and whether people were: a sentence each, for people. None where nothing was measured. */
export function heldWords(rows: readonly RuleRow[]): string[] {
  const noticed = rows.flatMap(({ title, noticed: at }) =>
    at === null ? [] : [`${title}: after ${at.calls} calls, ${duration(at.seconds)}`],
  );
  const people = rows.flatMap(({ title, people: found }) =>
    found === null ? [] : [`${title}: ${found.held} of ${found.sessions}`],
  );
  return [
    ...(noticed.length === 0 ? [] : [`The program was first held up by ${noticed.join('; ')}.`]),
    ...(people.length === 0
      ? []
      : [`People who were held up at the same gates, each at a pace of their own, made up: ${people.join('; ')}.`]),
  ];
}

const cells = (texts: readonly string[]): string =>
  texts.map((text, index) => text.padStart(WIDTHS[index] ?? 10)).join('');

function toLine({ title, own, why, per1000 }: RuleRow): string[] {
  const start = `${title}${own ? ' *' : ''}`.padEnd(TITLE);
  if (per1000 === null) return wrap(`not measured: ${why}`, `${start}  `);
  return [`${start}${cells(figures(per1000))}`];
}

const figures = ({ requests, sessions, cpuSeconds, seconds, addresses, money }: PerThousand): string[] => [
  Math.round(requests).toString(),
  Math.round(sessions).toString(),
  `${cpuSeconds.toFixed(cpuSeconds < 10 ? 2 : 1)} s`,
  duration(seconds),
  addresses === null ? 'none' : String(addresses),
  money.toLocaleString('en', { maximumSignificantDigits: 2, useGrouping: false }),
];

/** In the largest unit of which there is more than one. */
export function duration(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds > 1.5 * size) ?? [1, 's'];
  const value = seconds / size;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];
