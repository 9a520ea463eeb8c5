import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSpanBook, type LearnedSpans } from '../../src/learning/spans.ts';
import { seeded } from './random.ts';

const [FORM, SEND] = [0, 1];
const ORDERS = [{ route: SEND, after: FORM, sessions: 1, kept: 1, lower: 1 }];

/** People who take half a minute to fill a form in, at times much less, and programs that take none. */
function learned({
  people = 800,
  programs = 0,
  calls = 10,
  gap = 50,
  weight = 1,
  away = 1,
} = {}): LearnedSpans | undefined {
  const book = createSpanBook(ORDERS);
  const random = seeded(9);
  for (let session = 0; session < people; session++) {
    let time = 1_000_000;
    for (let times = 0; times < 2; times++) {
      book.add(session, FORM, true, time);
      time += Math.max(4000, random.pause(30_000)) * away;
      book.add(session, SEND, true, time);
    }
  }
  for (let program = 0; program < programs; program++) {
    for (let call = 0; call < calls; call++) {
      book.add(people + program, FORM, true, 1000 * gap * call);
      book.add(people + program, SEND, true, 1000 * gap * call + gap);
    }
  }
  return book.spans((session) => (session < people ? 1 : weight)).get(SEND);
}

describe('how long a call comes after its step', () => {
  test('at least a quarter of what 85 of 100 sessions wait, where nobody is quicker', () => {
    const spans = learned();
    assert.equal(spans?.notBefore?.seconds, 2);
    assert.ok((spans?.notBefore?.usual ?? 0) > 8 && (spans?.notBefore?.usual ?? 0) < 20, 'of a median of thirty');
    assert.equal(spans?.notBefore?.kept, 800);
    assert.equal(spans?.within?.seconds, 3600);
  });

  test('people who come back after hours are waited for', () => {
    assert.ok((learned({ away: 100 })?.within?.seconds ?? 0) > 8 * 3600);
  });

  test('of too few sessions nothing is said', () => {
    assert.deepEqual(learned({ people: 300 }), { notBefore: null, within: null });
  });

  test('where some people are quicker than that nothing is asked of anybody', () => {
    assert.equal(learned({ programs: 40, calls: 2 })?.notBefore, null);
  });

  test('a tenth of programs that never wait does not make that normal', () => {
    assert.equal(learned({ programs: 88 })?.notBefore?.seconds, learned()?.notBefore?.seconds);
  });

  test('a tenth of programs that wait for days makes nothing longer', () => {
    assert.equal(learned({ programs: 80, gap: 200_000_000, calls: 2 })?.within, null);
  });

  test('programs of one network count for what that counts for', () => {
    assert.equal(learned({ programs: 800, weight: 3 / 800 })?.notBefore?.seconds, learned()?.notBefore?.seconds);
  });

  test('what failed is no step, and what came before its step waits for none', () => {
    const book = createSpanBook(ORDERS);
    for (let session = 0; session < 500; session++) {
      book.add(session, SEND, true, 1000);
      book.add(session, FORM, false, 2000);
      book.add(session, SEND, true, 3000);
    }
    assert.deepEqual(book.spans(() => 1).get(SEND), { notBefore: null, within: null });
  });
});
