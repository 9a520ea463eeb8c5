import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoneBy } from '../../src/gateway/undoing.ts';
import type { Config } from '../../src/guard/config.ts';
import { type Terms, termsOf, wordsOf } from '../../src/guard/terms.ts';

const AT = 1_790_000_000_000;
const FILE: Config = { to: 'http://localhost:3000', mode: 'enforce', rollout: '5%' };
const before = termsOf(FILE, '1.0.0');
const by = (after: Terms, layer = 'proof') => undoneBy({ at: AT, before, after, settled: [] }, layer);

test('P3.4 a step is undone by its words, another policy by the one before', () => {
  assert.deepEqual(by(termsOf({ ...FILE, rollout: '25%' }, '1.0.0')), wordsOf(FILE));
  const other = termsOf({ ...FILE, rollout: '25%', protect: ['/v2/**'] }, '1.0.0');
  assert.deepEqual(by(other), { ...wordsOf(FILE), pages: before.pages });
});

test('P3.4 of a new version the sessions from before it are spared, by what a page shows of itself alone', () => {
  const upgraded = termsOf(FILE, '1.1.0');
  for (const layer of ['proof', 'session', 'drift'])
    assert.deepEqual(by(upgraded, layer), { ...wordsOf(FILE), spares: AT - 60_000 });
  // What keeps people from other sites' pages and captured calls from being sent again is asked of everybody.
  for (const layer of ['site', 'cors', 'replay']) assert.equal(by(upgraded, layer), null);
});

test('P3.4 a step that came with a version is undone for what no version can bring down, too', () => {
  const stepped = termsOf({ ...FILE, rollout: '25%' }, '1.1.0');
  assert.deepEqual(by(stepped, 'site'), wordsOf(FILE));
});
