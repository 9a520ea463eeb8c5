// `npm run behaviour [-- --log FILE]`: judges the behaviour model and writes the figures into docs/behaviour.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './install.mjs';

const { status } = spawnSync(
  process.execPath,
  [
    '--conditions=@sallyport/source',
    join(root, 'test', 'behaviour', 'evaluation', 'evaluate.ts'),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
