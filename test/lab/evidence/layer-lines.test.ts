import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../../../src/lab/evidence/evidence.ts';
import { toHtml } from '../../../src/lab/evidence/html.ts';
import { toMarkdown } from '../../../src/lab/evidence/markdown.ts';
import { firstTable } from '../../../src/lab/evidence/text.ts';
import { layerLines } from '../../../src/lab/evidence/words.ts';
import type { UnusualWorth } from '../../../src/lab/rules/unusual.ts';
import { sampleEvidence } from './sample.ts';

/** With another measurement of the layer that goes by use. */
function evidenceWith(unusual: UnusualWorth | null): Evidence {
  const sample = sampleEvidence();
  assert.ok(sample.layers !== null);
  return { ...sample, layers: { ...sample.layers, unusual } };
}

test('R16 the layer that goes by use has its rows beside the others, for who goes on and for who begins anew', () => {
  const lines = layerLines(sampleEvidence());
  assert.deepEqual(
    lines.map(({ name, passed, further, holds }) => [name, passed.join(' '), further, holds]),
    [
      ['replay', '50 % 75 % 100 % 100 %', 'request replayed at once', 'none'],
      ['behaviour, one visit', '10 % 60 % 16 % 100 %', 'that program', 'that program'],
      ['behaviour, new visits', '60 % 60 % 94 % 100 %', 'none', 'that program'],
    ],
  );
});

test('all three reports have these rows, and say what they are of', () => {
  const sample = sampleEvidence();
  assert.match(
    toMarkdown(sample),
    /\| behaviour, one visit \| 10 % \| 60 % \| 16 % \| 100 % \| that program \| that program \|\n/,
  );
  assert.match(toHtml(sample), /<th scope="row">behaviour, new visits<\/th><td class="number">60 %<\/td>/);
  assert.match(
    firstTable(sample),
    /^behaviour, one visit +pass, all: 10 %; without it: 60 %; it alone: 16 %; none: 100 %$/m,
  );
  for (const text of [toMarkdown(sample), toHtml(sample), firstTable(sample).replaceAll('\n', ' ')])
    assert.match(text, /one session of 100 calls that asks for one thing after another/);
});

test('a row that could not be measured says why, and one that was left out is not there', () => {
  const broken = toMarkdown(evidenceWith({ calls: 100, programs: [], why: 'the process ended' }));
  assert.match(broken, /\| behaviour \| – \| – \| – \| – \| not measured: the process ended \| – \|\n/);
  const without = toMarkdown(evidenceWith(null));
  assert.doesNotMatch(without, /behaviour/i);
});
