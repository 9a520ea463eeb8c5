import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API, ASVS, TESTED } from '../../../src/lab/evidence/requirements.ts';
import { firstTable } from '../../../src/lab/evidence/text.ts';
import { ATTACKERS } from '../../../src/lab/index.ts';
import { PRICES } from '../../../src/lab/prices.ts';
import { sampleEvidence } from './sample.ts';

test('P12.1 every attacker has a row with what it got at each of the three gates', () => {
  const found = sampleEvidence();
  assert.deepEqual(
    found.attackers.map(({ name }) => name),
    ATTACKERS.map(({ name }) => name),
  );
  const order = found.attackers.find(({ name }) => name === 'order') ?? assert.fail('no such row');
  const verdicts = Object.entries(order.got).map(([setting, { verdict }]) => [setting, verdict]);
  assert.deepEqual(Object.fromEntries(verdicts), { off: 'gets in', default: 'gets in', strict: 'stopped' });
});

test('P12.2 every row says what is not stopped, and one that was not run is never called stopped', () => {
  for (const { name, notStopped, got } of sampleEvidence().attackers) {
    assert.ok(notStopped.length > 10, name);
    if (got.strict.verdict === 'not run') assert.match(notStopped, /^Not known: /, name);
    if (got.strict.verdict === 'stopped') assert.match(notStopped, /^Not by this way, 100 tries\. By others: \w/, name);
  }
});

test('P12.2 each row has its bill at the prices of the report, and what a copier has to write or run', () => {
  const { attackers } = sampleEvidence({ cpu: 3600 });
  const money = (name: string) => attackers.find((row) => row.name === name)?.got.strict.bill?.total ?? null;
  assert.equal(money('doors'), PRICES.coreHour);
  assert.equal(money('plain'), null, 'nothing was admitted');
  for (const { name, steps } of attackers) {
    assert.ok(steps.length > 0 && new Set(steps).size === steps.length, name);
    for (const step of steps) assert.match(step, /^\p{Ll}.*[^.]$/u, name);
  }
});

test('P12.1 requirements are named by attackers that exist and by numbers that are explained', () => {
  const names = ATTACKERS.map(({ name }) => name);
  assert.ok(Object.keys(TESTED).length > 30);
  for (const [name, { asvs, api }] of Object.entries(TESTED)) {
    assert.ok(names.includes(name), name);
    assert.ok(asvs.length > 0 && api.length > 0, name);
    for (const number of asvs) assert.ok(Object.hasOwn(ASVS, number), number);
    for (const number of api) assert.ok(Object.hasOwn(API, number), number);
  }
  const used = new Set(Object.values(TESTED).flatMap(({ asvs, api }) => [...asvs, ...api]));
  for (const number of [...Object.keys(ASVS), ...Object.keys(API)]) assert.ok(used.has(number), `${number} by nobody`);
});

test('the table at the terminal is calm: at most 100 columns, every attacker in it, no promise', () => {
  const text = firstTable(sampleEvidence());
  for (const line of text.split('\n')) assert.ok([...line].length <= 100, line);
  for (const { title } of ATTACKERS) assert.ok(text.includes(title), title);
  assert.match(
    text,
    /\nreplay +pass, all: 50 %; without it: 75 %; it alone: 100 %; none: 100 %\n +without it get further: request replayed at once\n +alone it holds: none/,
  );
  assert.doesNotMatch(text, /prevents|unhackable|guarantee/i);
});
