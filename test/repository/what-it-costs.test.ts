import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FRAME, toMarkdown } from '../../src/lab/evidence/markdown.ts';
import { sampleEvidence } from '../lab/evidence/sample.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = join(ROOT, 'docs', 'what-it-costs.md');

/** Which lines of the frame a text lacks, or has out of their order. */
function missing(text: string): string[] {
  const lines = text.split('\n');
  let at = -1;
  return Object.values(FRAME).filter((wanted) => {
    const found = lines.indexOf(wanted, at + 1);
    if (found >= 0) at = found;
    return found < 0;
  });
}

/** Rows of tables whose cells are not as many as their head has. */
function unevenRows(text: string): string[] {
  let columns = 0;
  return text.split('\n').filter((line) => {
    const cells = line.replaceAll('\\|', '').split('|').length;
    if (!line.startsWith('|')) columns = 0;
    else if (columns === 0) columns = cells;
    return line.startsWith('|') && cells !== columns;
  });
}

test('P12.1 docs/what-it-costs.md is what `npm run evidence` writes, but for its figures', () => {
  assert.ok(existsSync(PAGE));
  const text = readFileSync(PAGE, 'utf8');
  assert.deepEqual(missing(text), []);
  assert.deepEqual(unevenRows(text), []);
  assert.match(text, /Made by `sallyport evidence/);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.ok(String(scripts.evidence).endsWith(' evidence'));
  assert.match(readFileSync(join(ROOT, 'scripts', 'evidence.mjs'), 'utf8'), /'what-it-costs\.md'/);
});

test('the check of the frame sees what the generator writes, and what it does not', () => {
  const text = toMarkdown(sampleEvidence());
  assert.deepEqual(missing(text), []);
  assert.deepEqual(unevenRows(text), []);
  assert.deepEqual(missing(text.replace(FRAME.rulesHead, '| rule | price |')), [FRAME.rulesHead]);
  assert.deepEqual(missing(text.split('\n').reverse().join('\n')).length > 3, true);
  assert.equal(unevenRows(`${text}\n| a | b |\n| c |\n`).length, 1);
});
