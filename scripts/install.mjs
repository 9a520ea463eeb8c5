// Puts the packages of the lock file in place. Plain JavaScript for any Node from 20 on, and no package: this runs
// before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const projectNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Installs what the lock file names and is not there. Returns the path of a Node that runs the project. */
export function ensureInstalled() {
  const todo = installPackages(root);
  if (todo !== '') fail(todo);
  ensureProjectNode();
  return existsSync(projectNode) ? projectNode : process.execPath;
}

/** Installs what the lock file of a folder names and is not there. Returns '' or what went wrong. */
export function installPackages(folder) {
  const missing = missingPackage(folder);
  if (missing === '') return '';
  const where = folder === root ? '' : ` in ${relative(root, folder)}`;
  console.log(`Installing packages${where} (${missing}): npm ci`);
  const done = npm(folder, [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--engine-strict=false',
    '--loglevel=error',
  ]);
  return done ? '' : `npm ci${where} failed; its message is above.`;
}

/** Why an installation is needed; '' when every package of the lock file is there in its version. */
function missingPackage(folder) {
  const installed = readJson(join(folder, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'node_modules is missing';
  const wanted = readJson(join(folder, 'package-lock.json'));
  if (wanted === null) return 'package-lock.json is missing';
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.startsWith('node_modules/') || entry.optional || entry.peer) continue;
    const found = installed.packages[path];
    if (found === undefined || found.version !== entry.version) return `${path} ${entry.version ?? ''} is missing`;
    if (!existsSync(join(folder, path, 'package.json'))) return `${path} is missing`;
  }
  return '';
}

// Install scripts may be switched off for the whole machine (`ignore-scripts`); this one package is of no use
// without its script, which fetches the platform's executable from the registry.
function ensureProjectNode() {
  if (existsSync(projectNode) || major(process.versions.node) >= 24) return;
  const folder = join(root, 'node_modules', 'node');
  console.log('Installing the Node that runs the project');
  const run = spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, stdio: 'inherit' });
  if (run.status !== 0 || !existsSync(projectNode)) {
    fail(`This project needs Node 24 or later; ${process.version} runs here and no other could be installed.`);
  }
}

function npm(cwd, args) {
  const cli = process.env['npm_execpath'];
  const run = cli?.endsWith('npm-cli.js')
    ? spawnSync(process.execPath, [cli, ...args], { cwd, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  return run.status === 0;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

export function major(version) {
  return Number(version.split('.')[0]);
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
