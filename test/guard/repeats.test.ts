import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { BurntProof, Decision } from '../../src/guard/decision.ts';
import type { Context } from '../../src/guard/layer.ts';
import { createRepeats } from '../../src/guard/repeats.ts';
import type { RepeatBounds } from '../../src/guard/repeats-shelf.ts';
import { viewOf } from '../support/view.ts';

/** What is kept of lost answers, how much and for how long; test/gateway/repeats.test.ts has the rest. */

const BOUNDS: RepeatBounds = { answers: 2, followed: 3, each: 9, longest: 8, bytes: 16, life: 1000 };

interface Broken {
  errored: Error | null;
}

function start(more: Partial<RepeatBounds> = {}) {
  let now = 0;
  let nonce = 0;
  const repeats = createRepeats({ monotonic: () => now }, { ...BOUNDS, ...more });
  const proofOf = (method: string, target: string, session: string) => {
    nonce += 1;
    // What is looked at of a proof and of who made it, and no more.
    const proof = { ticket: { id: 't', session }, nonce, signature: `${nonce}`, digest: '' } as BurntProof;
    return { request: viewOf({ method, target }), decision: { proof, prefix: '192.0.2.1', subject: null } as Decision };
  };
  const call = (method = 'POST', target = '/api/posts', session = 's') => {
    const { request, decision } = proofOf(method, target, session);
    const connection: Broken = { errored: null };
    const follow = () => repeats.follow(request, decision, connection);
    const following = follow();
    // The same two are looked at of a context.
    const context = decision as unknown as Context;
    return {
      following,
      follow,
      answers(status: number, body: string) {
        following?.head(status, ['x', 'y']);
        following?.add(Buffer.from(body));
        following?.end();
      },
      breaks() {
        connection.errored = new Error('reset');
      },
      async again() {
        const answer = await repeats.again(request, context);
        return answer === null ? null : `${answer.status} ${Buffer.from(answer.body).toString()}`;
      },
      removed: () => repeats.removed(request, context)?.status ?? 0,
    };
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { call, pass };
}

test('R42 a lost answer is kept for a while', async () => {
  const { call, pass } = start();
  const [first, second] = [call(), call()];
  for (const one of [first, second]) {
    one.answers(201, 'made');
    one.breaks();
  }
  pass(999);
  assert.equal(await first.again(), '201 made');
  pass(1);
  assert.equal(await second.again(), null);
});

test('R42 more answers, or more bytes, than there is room for: the oldest go', async () => {
  const { call } = start();
  const calls = [call(), call(), call()];
  for (const one of calls) {
    one.answers(200, 'a');
    one.breaks();
  }
  assert.deepEqual([await calls[0]?.again(), await calls[1]?.again()], [null, '200 a']);
  const large = call();
  large.answers(200, '12345678');
  large.breaks();
  const larger = call();
  larger.answers(200, '12345678');
  larger.breaks();
  assert.deepEqual([await large.again(), await larger.again()], [null, '200 12345678']);
});

test('R42 an answer that is too long is not kept, and nobody waits for it', async () => {
  const { call } = start();
  const one = call();
  one.breaks();
  assert.equal(one.following?.isAwaited, true);
  const again = one.again();
  one.following?.head(200, []);
  one.following?.add(Buffer.from('123456789'));
  assert.equal(one.following?.isAwaited, false);
  assert.equal(await again, null);
});

test('R42 no more calls are followed at a time than there is room for', () => {
  const { call } = start();
  const calls = [call(), call(), call(), call()];
  assert.deepEqual(
    calls.map(({ following }) => following !== null),
    [true, true, true, false],
  );
  calls[0]?.following?.leave();
  assert.notEqual(call().following, null);
});

test('R42 one of two that wait for an answer gets it', async () => {
  const { call } = start();
  const one = call();
  one.breaks();
  const both = Promise.all([one.again(), one.again()]);
  await turn();
  one.answers(200, 'a');
  assert.deepEqual(await both, ['200 a', null]);
});

test('R42 a connection that breaks in the same turn as the repeat comes has broken', async () => {
  const { call } = start();
  const [one, other] = [call(), call()];
  one.answers(200, 'a');
  other.answers(200, 'b');
  const again = one.again();
  one.breaks();
  assert.equal(await again, '200 a');
  assert.equal(await other.again(), null, 'one that stands has not');
  other.breaks();
  assert.equal(await other.again(), '200 b', 'and asking too early uses nothing up');
});

test('R64 what was removed is gone for a while; what failed, or was something else, is not', () => {
  const { call, pass } = start();
  const removal = () => call('DELETE', '/api/posts/1');
  removal().answers(404, '');
  assert.equal(removal().removed(), 0);
  removal().answers(204, '');
  assert.equal(removal().removed(), 204);
  assert.equal(call('DELETE', '/api/posts/2').removed(), 0);
  assert.equal(call('POST', '/api/posts/1').removed(), 0);
  pass(1000);
  assert.equal(removal().removed(), 0);
});

test('R42 one session has only so much of it: whoever makes many calls loses answers of their own', async () => {
  const { call } = start({ answers: 9, each: 2 });
  const other = call('POST', '/api/posts', 'other');
  const calls = [call(), call()];
  assert.equal(call().following, null, 'two are under way');
  for (const one of [other, ...calls]) {
    one.answers(200, 'a');
    one.breaks();
  }
  assert.notEqual(call().following, null);
  assert.deepEqual([await calls[0]?.again(), await calls[1]?.again()], [null, '200 a']);
  assert.equal(await other.again(), '200 a');
});

test('R42 what is admitted again by the same proof, in report mode or after a redirect, takes no room', async () => {
  const { call } = start({ answers: 9 });
  for (let times = 0; times < 3; times++) {
    const one = call();
    assert.equal(one.follow(), null, 'under way');
    one.answers(200, '1234');
    assert.equal(one.follow(), null, 'kept');
  }
  const last = call();
  last.answers(200, 'a');
  last.breaks();
  assert.equal(await last.again(), '200 a');
});

test('R42 answers that are still coming, and fields, count as bytes', async () => {
  const { call } = start({ answers: 9, bytes: 16 });
  const [kept, slow, late] = [call(), call(), call()];
  kept.answers(200, '1234');
  for (const one of [kept, slow, late]) one.breaks();
  slow.following?.head(200, ['x', 'y'.repeat(7)]);
  slow.following?.add(Buffer.from('12345'));
  late.following?.head(200, ['x', 'y'.repeat(7)]);
  assert.equal(late.following?.isAwaited, false, 'there is no room for it');
  slow.following?.end();
  assert.deepEqual([await kept.again(), await late.again(), await slow.again()], [null, null, '200 12345']);
});
