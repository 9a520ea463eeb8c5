import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tally } from '../browser/matrix/matrix.ts';
import { ROWS } from '../browser/matrix/rows.ts';
import { cellsOf, formatTable, HEAD } from '../browser/matrix/table.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'people.md');
const START = '<!-- figures: npm run soak -- matrix --write -->';
const END = '<!-- end of figures -->';
const NAMES = [...HEAD, 'browser', 'day'];

/** Writes what a row came to into docs/people.md; the others keep what they had. */
export function writeFigures(tally: Tally, day: Date): void {
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(PAGE, withFigures(page, tally, day.toISOString().slice(0, 10)));
}

/** The page with this row in its table. Throws where it has no place for one. */
export function withFigures(page: string, tally: Tally, day: string): string {
  const [before, rest] = page.split(START);
  const [old, after] = rest?.split(END) ?? [];
  if (before === undefined || old === undefined || after === undefined)
    throw new TypeError(`docs/people.md: the figures stand between "${START}" and "${END}"`);
  const known = new Map(rowsOf(old).map((cells) => [cells[0], cells]));
  known.set(tally.row, [...cellsOf(tally), tally.browser, day]);
  const rows = ROWS.map(({ name }) => known.get(name)).filter((cells) => cells !== undefined);
  return `${before}${START}\n\n${formatTable(NAMES, rows)}\n\n${END}${after}`;
}

/** Cells of the table that is there, without its head. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
