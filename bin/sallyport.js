#!/usr/bin/env node
// Runs on any Node that knows modules: finds one that is new enough, then hands over to src/cli/main.ts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEAST_NODE = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (Number(process.versions.node.split('.')[0]) >= LEAST_NODE) {
  await start();
} else {
  const newer = bundledNode();
  if (newer === '') {
    console.error(
      `sallyport: this is Node ${process.versions.node}; Sallyport needs Node ${LEAST_NODE} or newer. Install it, or run \`npm install node@${LEAST_NODE}\` beside sallyport.`,
    );
    process.exit(2);
  }
  handOver(newer);
}

// A checkout is told by what is never published; it runs its sources, so that no build can be out of date.
async function start() {
  const checkout = existsSync(join(root, 'tsconfig.json')) && existsSync(join(root, 'src', 'cli', 'main.ts'));
  if (checkout) {
    module.registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, { ...context, conditions: [...context.conditions, '@sallyport/source'] }),
    });
  }
  const { main } = await import(checkout ? '../src/cli/main.ts' : '../dist/cli/main.js');
  process.exitCode = await main(process.argv.slice(2));
}

// Path of the Node that the `node` package brought, beside this package or above it; '' without one.
function bundledNode() {
  for (let folder = root; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return '';
  }
}

// Becomes a shell around the newer Node: its signals, its exit code, nothing else.
function handOver(node) {
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to both processes: passed on, the child would hear it twice.
  const passed = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP', 'SIGUSR2'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  if (process.stdin.isTTY) process.on('SIGINT', () => {});
  if (process.platform !== 'win32') for (const signal of passed) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`sallyport: ${node} does not start: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
