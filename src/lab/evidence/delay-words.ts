import { minutesFor, type Step } from '../by-hand.ts';
import { CALLS, type CopiesReport, type CopyRow, WATCHED } from '../copies.ts';
import type { Prices } from '../prices.ts';
import type { SeenReport, SeenRow } from '../seen.ts';
import type { Evidence } from './evidence.ts';
import { figure } from './words.ts';

export const DELAYS_TITLE = 'How much longer it takes to copy the app';
export const DELAYS_HEADS = ['who', 'steps', 'minutes by hand', 'seconds by a program', 'gets'] as const;
/** Minutes under which a delay is called little: a day of work. */
const LITTLE = 480;

/** Head and cells of a part of the table, under {@link DELAYS_HEADS}; `why` where it was not measured. */
export interface DelayPart {
  readonly title: string;
  readonly why: string;
  readonly rows: readonly (readonly string[])[];
}

export function delayParts({ delays, prices }: Evidence): DelayPart[] {
  if (delays === null) return [];
  const { builds, sealed } = delays;
  return [
    {
      title: 'Builds of the page’s script, another each hour',
      why: builds.why,
      rows: builds.found === null ? [] : buildRows(builds.found, prices),
    },
    {
      title: 'Sealed calls',
      why: sealed.why,
      rows: sealed.found?.ways.map((way) => sealedRow(way, sealed.found, prices)) ?? [],
    },
  ];
}

/** What stands above the table: how it was measured, then how long each holds up whoever goes the shortest way. */
export function delayWords({ delays, prices }: Evidence): string[] {
  if (delays === null) return [];
  const { builds, sealed } = delays;
  return [
    `At apps of the lab’s own. By a program: measured. By hand: what it adds for somebody who has a client of the protocol and knows a browser’s tools, at an assumed ${prices.writeMinutes} minutes for each thing to write and ${prices.doMinutes} for each that a tool has a button for (${prices.asOf}).`,
    ...(builds.found === null ? [] : [buildsDelay(builds.found, prices)]),
    ...(sealed.found === null ? [] : [sealedDelay(sealed.found, prices)]),
  ];
}

function buildRows({ copies, readMs, decoys }: CopiesReport, prices: Prices): string[][] {
  const rows = copies.map((copy) => {
    const { name, once, each, reads } = copy;
    const counts = twice(once.length, each.length);
    const minutes = twice(minutesFor(once, prices), minutesFor(each, prices));
    return [name, counts, minutes, reads ? `${figure(readMs / 1000)} for each build` : '–', lasts(copy)];
  });
  const { noted, banned } = decoys;
  const said = `${noted === 0 ? 'not noted' : `noted at call ${noted}`}, ${banned === 0 ? 'not banned' : `banned at call ${banned}`}`;
  return [...rows, ['whoever calls what decoys put into the script', '–', '–', '–', said]];
}

const twice = (once: number, each: number): string => (each === 0 ? `${once}` : `${once}, and ${each} for each build`);

function lasts({ admitted, hours }: CopyRow): string {
  if (admitted === 0) return 'nothing';
  return `${admitted} of ${CALLS} calls, ${hours >= WATCHED ? `for the ${WATCHED} h it was watched` : `for ${hours} h`}`;
}

const sealedRow = ({ name, steps, open, sealed }: SeenRow, report: SeenReport, prices: Prices): string[] => [
  name,
  `${steps.length}`,
  `${minutesFor(steps, prices)}`,
  figure(sealed.seconds),
  `${sealed.calls} of ${report.calls} calls, ${sealed.paths} of ${report.paths} paths; in the open ${open.calls} and ${open.paths}`,
];

function buildsDelay({ copies, readMs }: CopiesReport, prices: Prices): string {
  const best = shortest(
    copies.filter(({ hours }) => hours >= WATCHED),
    ({ once }) => once,
    prices,
  );
  if (best === null) return `Builds: none of these goes on for the ${WATCHED} hours that it was watched.`;
  const { row, minutes } = best;
  const each = row.reads ? ` and ${figure(readMs / 1000)} s for each build` : '';
  return `Builds hold up “${row.name}” for some ${minutes} minutes once${each}. ${isLittle(minutes)}`;
}

function sealedDelay({ calls, ways }: SeenReport, prices: Prices): string {
  const steps = (way: SeenRow): readonly Step[] => way.steps;
  const open = shortest(
    ways.filter(({ open: found }) => found.calls === calls),
    steps,
    prices,
  );
  const sealed = shortest(
    ways.filter(({ sealed: found }) => found.calls === calls),
    steps,
    prices,
  );
  if (sealed === null || open === null) return 'Sealed calls: by none of these ways are all calls found.';
  const more = sealed.minutes - open.minutes;
  return `Sealed calls: who “${sealed.row.name}” knows them all after ${figure(sealed.row.sealed.seconds)} s by a script, or some ${sealed.minutes} minutes by hand: ${more <= 0 ? 'no longer than in the open' : `${more} more than in the open`}. ${isLittle(more)}`;
}

/** The row with the fewest minutes; null without rows. */
function shortest<T>(
  rows: readonly T[],
  steps: (row: T) => readonly Step[],
  prices: Prices,
): { readonly row: T; readonly minutes: number } | null {
  const timed = rows.map((row) => ({ row, minutes: minutesFor(steps(row), prices) }));
  return timed.toSorted((a, b) => a.minutes - b.minutes)[0] ?? null;
}

const isLittle = (minutes: number): string =>
  minutes < LITTLE ? 'That is little: less than a day’s work.' : 'That is a day’s work or more.';
