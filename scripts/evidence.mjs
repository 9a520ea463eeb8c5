// `npm run evidence`: what each attacker gets and pays, measured now, as docs/what-it-costs.md and as files in evidence/. Further words go to
// the command: `npm run evidence -- --calls 400`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './install.mjs';

const command = join(root, 'bin', 'sallyport.js');
const args = ['evidence', '--markdown', join(root, 'docs', 'what-it-costs.md'), '--output', join(root, 'evidence')];
const { status } = spawnSync(process.execPath, [command, ...args, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
