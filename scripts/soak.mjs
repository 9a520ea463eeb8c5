// `npm run soak`: what takes minutes, such as streams that stay open. Not part of `npm test`.
// `npm run soak -- matrix [--loads N]`: the demo in every browser, window and network of the matrix alone, as a table.
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { root } from './install.mjs';
import { testFiles } from './groups.mjs';
import { nodeTest } from './node-test.mjs';

const [what, ...options] = process.argv.slice(2);
if (what === 'matrix') {
  const { runMatrix } = await import('../test/soak/matrix.ts');
  process.exit((await runMatrix(options)) ? 0 : 1);
}
if (what !== undefined) {
  console.error(`No such soak: ${what}. There is: matrix.`);
  process.exit(2);
}

const folder = join(root, 'test', 'soak');
const files = existsSync(folder) ? testFiles(folder, 'test/soak') : [];
const { ok, why } = await nodeTest(files, { concurrency: 1, timeout: 60 * 60_000 });
if (!ok) console.error(`✖ soak: ${why}`);
process.exit(ok ? 0 : 1);
