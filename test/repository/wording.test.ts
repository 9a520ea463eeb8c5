import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = dirname(dirname(import.meta.dirname));
const OVERCLAIM = /\b(prevents?|preventing|unhackable|guarantee[sd]?)\b/i;

/** What readers see: documents, and the sources whose strings the command line and the pages print. */
function publicFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((path) => /\.(md|ts|js|mjs|tsx|html)$/.test(path))
    .filter((path) => !path.startsWith('test/'));
}

function overclaims(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      OVERCLAIM.test(line) && !isOwnRule(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
    );
}

// The one place that may name the words is the rule that forbids them.
function isOwnRule(line: string): boolean {
  return /"prevents", "unhackable"/.test(line);
}

test('P12.2 no document and no source claims more than what is measured', () => {
  const files = publicFiles();
  assert.ok(files.length > 20, 'the files were found');
  assert.deepEqual(
    files.flatMap((path) => overclaims(path, readFileSync(join(ROOT, path), 'utf8'))),
    [],
  );
});

test('P12.2 the check sees each word', () => {
  for (const text of ['It prevents replay.', 'Unhackable!', 'we guarantee it', 'This guarantees that.']) {
    assert.equal(overclaims('a.md', text).length, 1, text);
  }
  assert.deepEqual(overclaims('a.md', 'event.preventDefault();'), []);
});
