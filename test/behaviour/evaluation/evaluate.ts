// `npm run behaviour [-- --log FILE] [--quick]`: judges the model, writes the figures into docs/behaviour.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeLog } from './access-log.ts';
import { judgeLive } from './live.ts';
import { judgeMadeUp } from './made-up.ts';
import { formatFigures } from './tables.ts';

const { values } = parseArgs({
  options: { log: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const made = judgeMadeUp(values.quick ? { people: 1000, programs: 50 } : { people: 20_000, programs: 200 });
const live = await judgeLive();
const figures = formatFigures(made, live, values.log === undefined ? null : await judgeLog(values.log));
console.log(figures);
if (!values.quick) write(figures);

/** Between the markers, and nowhere else. */
function write(text: string): void {
  const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'behaviour.md');
  const before = readFileSync(page, 'utf8');
  const [start, end] = ['<!-- figures: npm run behaviour -->', '<!-- end of figures -->'];
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/behaviour.md: the markers ${start} and ${end} are missing`);
  writeFileSync(page, `${before.slice(0, from + start.length)}\n\n${text}\n\n${before.slice(to)}`);
}
