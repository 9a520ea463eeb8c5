import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FEATURES, LENGTH } from '../../src/behaviour/features.ts';
import { SESSION_BYTES, SNAPSHOT_BYTES } from '../../src/behaviour/session-table.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'behaviour.md'), 'utf8');

test('docs/behaviour.md lists what is looked at, in the words of the code', () => {
  const [, table = ''] = page.split('| feature | what is unusual |');
  const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, name, words]) => [
    name,
    words,
  ]);
  assert.deepEqual(
    rows,
    [...FEATURES, LENGTH].map(({ name, words }) => [name, words]),
  );
});

test('a snapshot has room for all features, and a session takes what the page says', () => {
  assert.ok(FEATURES.length <= SNAPSHOT_BYTES);
  assert.ok(page.includes('some 420 bytes') && Math.abs(SESSION_BYTES - 420) < 15, `${SESSION_BYTES}`);
});

test('the figures stand between their markers', () => {
  const [, figures = ''] = page.split('<!-- figures: npm run behaviour -->');
  assert.match(
    figures.split('<!-- end of figures -->')[0] ?? '',
    /\| `1 in 1000` \| \d+ \| [\d.]+ \| [\d.]+ – [\d.]+ \|/,
  );
});
