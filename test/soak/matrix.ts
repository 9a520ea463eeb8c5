import { parseArgs } from 'node:util';
import { isClean, startMatrix, type Tally } from '../browser/matrix/matrix.ts';
import { ROWS } from '../browser/matrix/rows.ts';
import { toTable } from '../browser/matrix/table.ts';
import { writeFigures } from './matrix-figures.ts';

const OPTIONS = {
  loads: { type: 'string', default: '100' },
  row: { type: 'string', default: '' },
  write: { type: 'boolean', default: false },
} as const;

/**
 * `npm run soak -- matrix`: every row of the matrix, `--loads N` loads of the demo each (default 100), `--row TEXT` for
 * the one of that name, or those whose name holds it, `--write` puts what they came to into docs/people.md. Resolves to whether nobody was refused falsely and no page saw an error.
 */
export async function runMatrix(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const loads = Number(values.loads);
  const named = ROWS.filter(({ name }) => name === values.row);
  const rows = named.length > 0 ? named : ROWS.filter(({ name }) => name.includes(values.row));
  if (!Number.isInteger(loads) || loads < 1) throw new TypeError(`--loads ${values.loads}: a whole number from 1 on`);
  if (rows.length === 0) throw new TypeError(`--row ${values.row}: no row has that in its name`);

  const matrix = await startMatrix();
  const tallies: Tally[] = [];
  try {
    for (const row of rows) {
      const tally = await matrix.run(row, loads);
      tallies.push(tally);
      if (values.write) writeFigures(tally, new Date());
      console.error(`${isClean(tally) ? '✔' : '✖'} ${row.name}`);
      for (const error of tally.errors) console.error(`    ${error}`);
    }
  } finally {
    await matrix.close();
  }
  console.log(toTable(tallies));
  return tallies.every(isClean);
}
