// Which test files run together. A folder that no group names belongs to the first, so that no test is left out.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install.mjs';

const minutes = 60_000;
const browsers = ['chromium', 'firefox'];

/**
 * A file belongs to the first group that names its folder, or itself without what follows its first dot.
 * `programs` are the machine's own that a group uses, `apps` folders with packages of their own.
 */
export const groups = [
  { name: 'unit', folders: null, concurrency: 2, timeout: 8 * minutes, programs: ['redis'] },
  { name: 'repository', folders: ['repository'], concurrency: 2, timeout: 5 * minutes },
  { name: 'contract', folders: ['contract'], concurrency: 2, timeout: 5 * minutes, programs: ['postgres', 'redis'] },
  { name: 'property', folders: ['property'], concurrency: 2, timeout: 6 * minutes, programs: ['redis'] },
  {
    name: 'backends',
    folders: ['system/backends'],
    concurrency: 1,
    timeout: 5 * minutes,
    programs: ['chromium', 'fastapi', 'rails', 'php', 'go'],
  },
  {
    name: 'acme',
    folders: ['gateway/acme'],
    concurrency: 1,
    timeout: 3 * minutes,
    programs: ['pebble', 'openssl'],
  },
  {
    name: 'servers',
    folders: ['adapters', 'gateway', 'cli', 'system'],
    concurrency: 2,
    timeout: 18 * minutes,
    programs: [...browsers, 'nginx', 'openssl', 'python3', 'redis'],
  },
  { name: 'lab', folders: ['lab'], concurrency: 2, timeout: 12 * minutes, programs: browsers },
  {
    name: 'browser',
    folders: ['browser'],
    concurrency: 2,
    timeout: 30 * minutes,
    programs: browsers,
    apps: ['test/apps/next', 'test/apps/storybook'],
  },
];

const elsewhere = ['soak'];

/** Paths of a group's test files, from the project's root. */
export function filesOf(group) {
  return testFiles(join(root, 'test'), 'test').filter((path) => groupOf(path) === group.name);
}

function groupOf(path) {
  const names = (prefix) => path.startsWith(`test/${prefix}/`) || path.startsWith(`test/${prefix}.`);
  if (elsewhere.some(names)) return '';
  return groups.find(({ folders }) => folders?.some(names))?.name ?? 'unit';
}

export function testFiles(folder, prefix) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${prefix}/${entry.name}`;
    // Apps have packages and builds of their own, with tests of other people's among them.
    if (path === 'test/apps') continue;
    if (entry.isDirectory()) found.push(...testFiles(join(folder, entry.name), path));
    else if (entry.name.endsWith('.test.ts')) found.push(path);
  }
  return found.sort();
}
