// `node scripts/run.mjs TASK …`: installs what is missing, then runs scripts/TASK.mjs by the project's own Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ensureInstalled, fail, major, root } from './install.mjs';

if (major(process.versions.node) < 20) fail(`Node 20 or later is needed to start; this is ${process.version}.`);

const [task = '', ...args] = process.argv.slice(2);
const script = join(root, 'scripts', `${task}.mjs`);
if (!/^[a-z-]+$/.test(task) || !existsSync(script)) fail(`No such task: ${task}`);

const node = ensureInstalled();
const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
const child = spawn(node, ['--conditions=@sallyport/source', script, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: path },
});
// A terminal sends Ctrl-C to both processes: passed on, the child would hear it twice.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
