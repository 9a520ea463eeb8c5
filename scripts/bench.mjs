// `npm run bench`: bench/index.ts measures the goals side by side and writes bench/results.json.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './install.mjs';

const { status } = spawnSync(
  process.execPath,
  ['--conditions=@sallyport/source', join(root, 'bench', 'index.ts'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
