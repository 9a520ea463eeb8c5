import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = dirname(dirname(import.meta.dirname));
const OVERCLAIM = /\b(prevents?|preventing|unhackable|guarantee[sd]?)\b/i;

/** What readers see: documents, and the sources whose strings the command line and the pages print. */
function publicFiles(): string[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = ['bin', 'bench', 'docs', 'examples', 'scripts', 'src']
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    );
  return [...top, ...below].filter(
    (path) => /\.(md|ts|js|mjs|tsx|html)$/.test(path) && !/(^|[\\/])(node_modules|dist)[\\/]/.test(path),
  );
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
