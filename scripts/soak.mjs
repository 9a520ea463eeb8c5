// `npm run soak`: what takes minutes, such as streams that stay open. Not part of `npm test`.
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { root } from './install.mjs';
import { testFiles } from './groups.mjs';
import { nodeTest } from './node-test.mjs';

const folder = join(root, 'test', 'soak');
const files = existsSync(folder) ? testFiles(folder, 'test/soak') : [];
const { ok, why } = await nodeTest(files, { concurrency: 1, timeout: 60 * 60_000 });
if (!ok) console.error(`✖ soak: ${why}`);
process.exit(ok ? 0 : 1);
