import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AnswerKind, BACKEND } from '../../src/lab/answer.ts';
import { processMeter } from '../../src/lab/cost.ts';
import { createTally, verdictOf } from '../../src/lab/tally.ts';

const REFUSED: AnswerKind = { by: 'gate', code: 'signature' };
const LIMITED: AnswerKind = { by: 'gate', code: 'limit' };
const CLOSED: AnswerKind = { by: 'nobody', why: 'ECONNRESET' };

function verdict(...kinds: readonly AnswerKind[]): string {
  const tally = createTally(processMeter);
  for (const kind of kinds) tally.add(kind);
  return verdictOf(tally.result());
}

test('an attacker that tried nothing, or that nobody answered, was not stopped: it was not run', () => {
  assert.equal(verdict(), 'not run');
  assert.equal(verdict(CLOSED, CLOSED), 'not run');
});

test('one admission in many tries gets in', () => {
  assert.equal(verdict(REFUSED, REFUSED, BACKEND, REFUSED), 'gets in');
});

test('only refusals: stopped; admissions until a limit: slowed', () => {
  assert.equal(verdict(REFUSED, CLOSED), 'stopped');
  assert.equal(verdict(BACKEND, BACKEND, LIMITED), 'slowed');
  assert.equal(verdict(BACKEND, { by: 'gate', code: 'behaviour' }), 'slowed', 'until it was taken for unusual');
});

test('no order of answers makes a verdict better than its best answer', () => {
  const kinds = fc.array(fc.constantFrom(BACKEND, REFUSED, LIMITED, CLOSED), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(kinds, (list) => {
      const admitted = list.some((kind) => kind.by === 'backend');
      assert.equal(['gets in', 'slowed'].includes(verdict(...list)), admitted);
      assert.equal(verdict(...list), verdict(...list.toReversed()));
    }),
  );
});

test('a try that the backend served as another address is neither an admission nor a refusal', () => {
  const tally = createTally(processMeter);
  tally.elsewhere();
  tally.add(REFUSED);
  const { tried, admitted, elsewhere } = tally.result();
  assert.deepEqual({ tried, admitted, elsewhere }, { tried: 2, admitted: 0, elsewhere: 1 });
});

test('detection is the first word of the gate against an attacker, by its try, and nothing that comes after it', () => {
  const tally = createTally(processMeter);
  assert.equal(tally.result().detected, null);
  for (const kind of [BACKEND, CLOSED, BACKEND]) tally.add(kind);
  assert.equal(tally.result().detected, null, 'nobody of the gate said anything');
  tally.add(LIMITED);
  const { detected } = tally.result();
  assert.equal(detected?.at, 4);
  assert.ok(detected.seconds >= 0);
  tally.add(REFUSED);
  tally.held();
  assert.deepEqual(tally.result().detected, detected);
});

test('who is let in after a wait has been detected', () => {
  const tally = createTally(processMeter);
  tally.add(BACKEND);
  tally.held();
  assert.equal(tally.result().detected?.at, 1);
});
