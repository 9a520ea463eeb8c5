import { styleText } from 'node:util';

export { visible as shown } from '../lib/visible.ts';

/** Where a command writes: people's words and JSON to `out`, what went wrong to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Styles that vanish without a terminal, or where NO_COLOR is set. */
  readonly paint: Paint;
}

export interface Paint {
  strong(text: string): string;
  faint(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  careful(text: string): string;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  type Format = Parameters<typeof styleText>[0];
  const style = (format: Format) => (text: string) => styleText(format, text, { stream: process.stdout });
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    paint: {
      strong: style('bold'),
      faint: style('dim'),
      good: style('green'),
      bad: style('red'),
      careful: style('yellow'),
    },
  };
}

/** Rows under one another, columns padded to the widest cell; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows
    .map(
      (row) =>
        indent +
        row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

/** `1 session`, `3 sessions`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** One word of a shell command, quoted so that no shell reads anything else in it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
