// The tests use programs of the machine: browsers, openssl, and what runs backends in other languages. Where this
// process may install packages (root, or containers and CI with a password-free sudo), it does so; elsewhere it names
// the command.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const candidates = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'],
  firefox: ['firefox-esr', 'firefox'],
  nginx: ['nginx'],
  openssl: ['openssl'],
  pebble: ['pebble'],
  postgres: ['postgres'],
  python3: ['python3'],
  redis: ['redis-server'],
  fastapi: ['python3'],
  rails: ['ruby'],
  php: ['php'],
  go: ['go'],
};

// A program that is there without what the tests need of it does not count.
const MODULES = `import sys
from importlib.util import find_spec as has
sys.exit(not all(map(has, ['fastapi', 'uvicorn', 'itsdangerous'])) or not any(map(has, ['multipart', 'python_multipart'])))`;
const probes = {
  fastapi: ['-c', MODULES],
  rails: ['-e', 'require "action_controller/railtie"; require "puma"'],
};

const applications = {
  chromium: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
  firefox: ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'],
};

// Names of the packages differ; the first manager found on the machine is used.
const managers = [
  {
    name: 'apt-get',
    refresh: ['update'],
    install: ['install', '-y', '--no-install-recommends'],
    packages: {
      firefox: ['firefox-esr'],
      postgres: ['postgresql'],
      fastapi: ['python3-fastapi', 'python3-uvicorn', 'python3-multipart', 'python3-itsdangerous'],
      rails: ['ruby-railties', 'puma'],
      php: ['php-cli'],
      go: ['golang-go'],
    },
  },
  {
    name: 'dnf',
    refresh: null,
    install: ['install', '-y'],
    packages: {
      postgres: ['postgresql-server'],
      fastapi: ['python3-fastapi', 'python3-uvicorn', 'python3-multipart', 'python3-itsdangerous'],
      rails: ['rubygem-railties', 'rubygem-puma'],
      php: ['php-cli'],
      go: ['golang'],
      pebble: null,
    },
  },
  {
    name: 'apk',
    refresh: ['update'],
    install: ['add'],
    packages: {
      postgres: ['postgresql'],
      fastapi: ['py3-fastapi', 'uvicorn', 'py3-python-multipart', 'py3-itsdangerous'],
      rails: null,
      pebble: null,
    },
  },
  {
    name: 'pacman',
    refresh: null,
    install: ['-Sy', '--noconfirm', '--needed'],
    packages: {
      python3: ['python'],
      postgres: ['postgresql'],
      fastapi: ['python-fastapi', 'uvicorn', 'python-python-multipart', 'python-itsdangerous'],
      rails: null,
      pebble: null,
    },
  },
];

/** What people do where a manager has no package (`null` above). */
const otherwise = {
  rails: 'gem install railties puma',
  pebble: 'go install github.com/letsencrypt/pebble/v2/cmd/...@latest',
};

/** Path of the system's program; '' where there is none. `SALLYPORT_CHROMIUM` and the like go before the search. */
export function findProgram(kind, env = process.env) {
  const named = env[`SALLYPORT_${kind.toUpperCase()}`] ?? '';
  if (named !== '') return existsSync(named) ? named : '';
  for (const name of candidates[kind]) {
    for (const found of whichAll(name, env)) {
      if (probes[kind] === undefined || spawnSync(found, probes[kind], { stdio: 'ignore' }).status === 0) return found;
    }
  }
  if (kind === 'postgres') return debianPostgres();
  return applications[kind]?.find((path) => existsSync(path)) ?? '';
}

// Debian keeps the server out of the path, one folder for each version.
function debianPostgres(folder = '/usr/lib/postgresql') {
  const versions = existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(folder, version, 'bin', 'postgres')).find((path) => existsSync(path)) ?? '';
}

/** Installs those of the programs that are missing where that is possible. Returns '' or what the reader has to do. */
export function ensurePrograms(kinds) {
  const missing = kinds.filter((kind) => findProgram(kind) === '');
  if (missing.length === 0) return '';
  const manager = managers.find(({ name }) => which(name) !== '');
  if (manager === undefined) return `Install ${missing.join(' and ')} for the tests, then run this again.`;
  const absent = missing.filter((kind) => manager.packages[kind] === null);
  if (absent.length > 0)
    return `${manager.name} has no package of ${absent.join(', ')}: ${absent.map((kind) => otherwise[kind]).join('; ')}`;
  const command = installCommand(manager, missing);
  const prefix = privileges();
  if (prefix === null) return `The tests need ${missing.join(' and ')}: sudo ${command.join(' ')}`;
  console.log(`Installing system packages for the tests: ${[...prefix, ...command].join(' ')}`);
  if (manager.refresh !== null) call([...prefix, manager.name, ...manager.refresh]);
  call([...prefix, ...command]);
  const still = missing.filter((kind) => findProgram(kind) === '');
  return still.length === 0 ? '' : `Still missing after "${command.join(' ')}": ${still.join(', ')}.`;
}

function installCommand(manager, missing) {
  const packages = missing.flatMap((kind) => manager.packages[kind] ?? [kind]);
  return [manager.name, ...manager.install, ...packages];
}

// The words to put before a command that needs root: none as root, sudo in containers and CI, null where neither fits.
function privileges() {
  if (process.getuid?.() === 0) return [];
  const ownMachine = !process.env['CI'] && !existsSync('/.dockerenv') && !existsSync('/run/.containerenv');
  if (ownMachine || which('sudo') === '') return null;
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : null;
}

function call([command, ...args]) {
  return spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function which(name, env = process.env) {
  return whichAll(name, env)[0] ?? '';
}

function whichAll(name, env) {
  // node_modules/.bin never holds a browser; a package of that name must not be taken for one.
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path));
}
