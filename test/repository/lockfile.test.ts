import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

interface Entry {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Packages = Readonly<Record<string, Entry>>;

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDERS = ['.', 'test/apps/next', 'test/apps/storybook'];

function packagesOf(folder: string): Packages {
  const { packages }: { packages: Packages } = JSON.parse(
    readFileSync(join(ROOT, folder, 'package-lock.json'), 'utf8'),
  );
  return packages;
}

/** Platform packages that no entry stands for. npm leaves them out at times, and `npm ci` then refuses the file. */
function missingOptional(all: Packages): string[] {
  return Object.entries(all).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in all))
      .map((name) => `${path} → ${name}`),
  );
}

/** `node_modules/a/node_modules/b` → itself, `node_modules/a/`, the root. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/node_modules/');
  return ['', ...parts.map((_, index) => `${parts.slice(0, index + 1).join('/node_modules/')}/`)];
}

for (const folder of FOLDERS) {
  const packages = packagesOf(folder);

  test(`the lock file in ${folder} has an entry for every platform, so that npm ci takes it anywhere`, () => {
    assert.ok(Object.keys(packages).length > 20, 'the entries were found');
    assert.deepEqual(missingOptional(packages), []);
  });

  test(`the lock file in ${folder} names no registry, so that it works with any`, () => {
    const named = Object.entries(packages).filter(([, entry]) => /^[a-z+]+:\/\//.test(entry.resolved ?? ''));
    assert.deepEqual(named, []);
  });
}

test('the lock check sees a missing platform', () => {
  const some = { 'node_modules/a': { optionalDependencies: { b: '1', c: '1' } }, 'node_modules/a/node_modules/b': {} };
  assert.deepEqual(missingOptional(some), ['node_modules/a → c']);
});
