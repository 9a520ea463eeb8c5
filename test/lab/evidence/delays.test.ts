import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minutesFor, toDo, toWrite } from '../../../src/lab/by-hand.ts';
import { compare, parseEvidence } from '../../../src/lab/evidence/compare.ts';
import { delayParts, delayWords } from '../../../src/lab/evidence/delay-words.ts';
import { toHtml } from '../../../src/lab/evidence/html.ts';
import { toMarkdown } from '../../../src/lab/evidence/markdown.ts';
import { PRICES } from '../../../src/lab/prices.ts';
import { SAMPLE_DELAYS, sampleEvidence } from './sample.ts';

const prices = { ...PRICES, writeMinutes: 100, doMinutes: 3 };
const evidence = { ...sampleEvidence(), prices };
const { builds, sealed } = SAMPLE_DELAYS;
assert.ok(builds.found !== null && sealed.found !== null);

test('what is done by hand takes the minutes that are assumed for it', () => {
  assert.equal(minutesFor([toWrite('a'), toDo('b'), toDo('c')], prices), 106);
  assert.equal(minutesFor([], prices), 0);
});

test('each way of copying has its steps, minutes, seconds and what it gets', () => {
  const [copies, calls] = delayParts(evidence);
  assert.deepEqual(copies?.rows, [
    ['by <its> own names', '0', '0', '–', 'nothing'],
    ['by hand', '1, and 1 for each build', '100, and 100 for each build', '–', '20 of 20 calls, for 2 h'],
    ['by a program', '2', '200', '0.015 for each build', '20 of 20 calls, for the 24 h it was watched'],
    ['whoever calls what decoys put into the script', '–', '–', '–', 'noted at call 1, banned at call 3'],
  ]);
  assert.deepEqual(calls?.rows, [
    ['looks', '1', '3', '0.2', '0 of 6 calls, 0 of 4 paths; in the open 6 and 4'],
    ['wraps', '2', '6', '0.2', '6 of 6 calls, 4 of 4 paths; in the open 6 and 4'],
  ]);
});

test('the shortest way is named, and called little where it is under a day’s work and not where it is more', () => {
  const [, copies, calls] = delayWords(evidence);
  assert.match(copies ?? '', /“by a program” for some 200 minutes once and 0\.015 s for each build\. That is little/);
  assert.match(calls ?? '', /“wraps” .* some 6 minutes by hand: 3 more than in the open\. That is little/);
  const dear = { ...evidence, prices: { ...prices, writeMinutes: 240, doMinutes: 480 } };
  for (const words of delayWords(dear).slice(1)) assert.match(words, /That is a day’s work or more\.$/);
});

test('where nobody goes on, or nobody finds all, that is said in place of a time', () => {
  const { found: copies } = builds;
  const { found: seen } = sealed;
  const none = {
    builds: { why: '' as const, found: { ...copies, copies: copies.copies.slice(0, 2) } },
    sealed: { why: '' as const, found: { ...seen, ways: seen.ways.slice(0, 1) } },
  };
  const [, first, second] = delayWords({ ...evidence, delays: none });
  assert.match(first ?? '', /none of these goes on for the 24 hours/);
  assert.match(second ?? '', /by none of these ways are all calls found/);
});

test('what could not be measured says why in both pages, and what was left out has no table', () => {
  const why = 'no <browser>';
  const page = { ...evidence, delays: { builds, sealed: { found: null, why } } };
  assert.match(toMarkdown(page), /\| not measured: no <browser> \|/);
  assert.match(toHtml(page), /not measured: no &#60;browser&#62;/);
  assert.match(toHtml(page), /by &#60;its&#62; own names/);
  const without = { ...evidence, delays: null };
  for (const text of [toMarkdown(without), toHtml(without)]) assert.doesNotMatch(text, /takes to copy the app/);
});

test('P12.3 another count is named when two runs are compared, and a run that left it out can be compared', () => {
  const { found } = builds;
  const copies = found.copies.map((copy) => ({ ...copy, hours: copy.hours === 2 ? 3 : copy.hours }));
  const now = { ...evidence, delays: { sealed, builds: { why: '' as const, found: { ...found, copies } } } };
  assert.deepEqual(
    compare(evidence, now).differences.map(({ what, before, now: after }) => [what, before, after]),
    [['builds, by hand: hours', '2', '3']],
  );
  for (const delays of [null, SAMPLE_DELAYS]) assert.ok(parseEvidence(JSON.stringify({ ...evidence, delays })));
  assert.equal(parseEvidence(JSON.stringify({ ...evidence, delays: { builds: { found: 1 }, sealed } })), null);
});
