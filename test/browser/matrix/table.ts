import type { Tally } from './matrix.ts';

/** What a table of rows says of each. */
export const HEAD = ['row', 'loads', 'calls', 'refused', 'errors', 'done unseen', 'done again'] as const;

export const cellsOf = ({ row, loads, calls, refused, errors, unseen, again }: Tally): string[] => [
  row,
  `${loads}`,
  `${calls}`,
  inWords(refused),
  `${errors.length}`,
  inWords(unseen),
  `${again}`,
];

const inWords = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([code, times]) => `${code} ${times}`)
    .join(', ') || '0';

/** A table in Markdown, which a terminal shows as well. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** The rows as a table. */
export const toTable = (tallies: readonly Tally[]): string => formatTable(HEAD, tallies.map(cellsOf));
