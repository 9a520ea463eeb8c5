import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotRun } from '../../src/lab/not-run.ts';
import { findPackage } from '../../src/lab/optional.ts';

test('a package of an attacker’s is found where it is installed, and else named with the line that installs it', () => {
  assert.match(findPackage('jsdom'), /^file:\/\/.*\/jsdom\//);
  assert.throws(
    () => findPackage('no-such-package-of-anybody'),
    (error) =>
      error instanceof NotRun &&
      error.message ===
        'no-such-package-of-anybody is not installed (npm install --no-save no-such-package-of-anybody)',
  );
});
