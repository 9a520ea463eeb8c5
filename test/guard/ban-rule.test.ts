import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBanBook } from '../../src/guard/ban-book.ts';
import { BAN_CODES } from '../../src/guard/ban-codes.ts';
import { watchFailures, type Failure, type NewBan } from '../../src/guard/ban-rule.ts';
import { type BansConfig, compileBans } from '../../src/guard/config-bans.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { CODES } from '../../src/wire/codes.ts';

const START = 1_750_000_000_000;

function ruled(bans: BansConfig) {
  const clock = { wall: START, monotonic: 0 };
  const made: NewBan[] = [];
  const rule = watchFailures({
    rule: () => compileBans({ bans }),
    wall: () => clock.wall,
    monotonic: () => clock.monotonic,
    ban: (ban) => made.push(ban),
  });
  let proofs = 0;
  const fail = (holder: string, times = 1, more: Partial<Failure> = {}): void => {
    for (let i = 0; i < times; i++) {
      const proof = `proof ${++proofs}`;
      const known = { kind: 'session', holder, proof, subject: '', prefix: '192.0.2.1', what: 'order' } as const;
      rule.failed({ ...known, ...more });
    }
  };
  const pass = (milliseconds: number): void => {
    clock.wall += milliseconds;
    clock.monotonic += milliseconds;
  };
  const shown = (): string[] => made.map(({ kind, value, until }) => `${kind} ${value} ${(until - clock.wall) / 1000}`);
  return { clock, made, fail, pass, shown };
}

test('P6.5 the first ban takes as many failures as it says, lasts 60 s, and the next is four times as long', () => {
  const { fail, shown, made, pass } = ruled({ after: 3, longest: 600 });
  fail('a', 2);
  fail('b', 2);
  assert.deepEqual(shown(), []);
  fail('a');
  assert.deepEqual(shown(), ['session a 60']);
  for (const seconds of [240, 600, 600]) {
    pass(61_000);
    made.length = 0;
    fail('a', 3);
    assert.deepEqual(shown(), [`session a ${seconds}`]);
  }
  pass(86_400_001);
  made.length = 0;
  fail('a', 3);
  assert.deepEqual(shown(), ['session a 60'], 'a day later it is the first again');
});

test('one call counts once, however often it is sent', () => {
  const { fail, shown } = ruled({ after: 3 });
  fail('a', 50, { proof: 'the same' });
  fail('a', 50, { proof: 'another' });
  assert.deepEqual(shown(), []);
  fail('a', 1);
  assert.deepEqual(shown(), ['session a 60']);
});

test('failures lie within the span, whatever the wall clock says', () => {
  const { fail, shown, pass, clock } = ruled({ after: 3, within: 60 });
  fail('a', 2);
  pass(61_000);
  fail('a', 2);
  clock.wall -= 10 * 86_400_000;
  assert.deepEqual(shown(), []);
  fail('a', 1);
  assert.deepEqual(shown(), ['session a 60']);
});

test('a user comes after three of their sessions, a prefix last, for ten minutes at most, and only where asked for', () => {
  const { fail, shown } = ruled({ after: 3, prefix: 600 });
  for (const session of ['a', 'b']) fail(session, 3, { subject: 'accounts:eve' });
  assert.equal(shown().length, 2);
  fail('c', 3, { subject: 'accounts:eve' });
  assert.deepEqual(shown().slice(2), ['session c 60', 'subject accounts:eve 60', 'prefix 192.0.2.1 600']);
  const without = ruled({ after: 3 });
  for (const session of ['a', 'b', 'c', 'd']) without.fail(session, 3);
  assert.equal(without.shown().length, 4);
  const same = ruled({ after: 3, prefix: 600 });
  for (let i = 0; i < 4; i++) same.fail('a', 3, { subject: 'accounts:eve' });
  assert.ok(
    same.made.every(({ kind }) => kind === 'session'),
    'one session is one',
  );
});

test('a key is banned alone', () => {
  const { fail, shown } = ruled({ after: 3, prefix: 600 });
  for (const key of ['k1', 'k2', 'k3']) fail(key, 3, { kind: 'key' });
  assert.deepEqual(shown(), ['key k1 60', 'key k2 60', 'key k3 60']);
});

test('every refusal says whether it counts, and only those do that nobody else can cause', () => {
  assert.deepEqual(Object.keys(BAN_CODES).sort(), Object.keys(CODES).sort());
  const counted = Object.entries(BAN_CODES).filter(([, { counts }]) => counts);
  assert.deepEqual(
    counted.map(([code]) => code),
    ['order', 'not-served', 'schema', 'forbidden'],
  );
});

for (const [bans, field] of [
  [{ after: 2 }, 'bans.after'],
  [{ prefix: 601 }, 'bans.prefix'],
  [{ codes: ['signature'] }, 'bans.codes[0]'],
  [{ codes: ['limit'] }, 'bans.codes[0]'],
  [{ longest: 0 }, 'bans.longest'],
] as const) {
  test(`a rule that could hit the wrong is refused: ${JSON.stringify(bans)}`, () => {
    assert.throws(() => parseConfig({ bans }, 'config'), new RegExp(RegExp.escape(field)));
  });
}

test('a ban holds at once; once records have it, they say until when', async () => {
  const clock = { now: START };
  const ban = { kind: 'session', value: 'a', reason: '', by: 'rule: bans', until: START + 60_000 } as const;
  const stored = { held: true, has: () => stored.held, isEmpty: () => !stored.held };
  const kept = createBanBook(
    stored,
    async () => true,
    () => clock.now,
  );
  kept.add(ban);
  await Promise.resolve();
  clock.now += 3000;
  stored.held = false;
  assert.equal(kept.has('session', 'a'), false, 'lifted by hand');
  for (const write of [async () => false, async () => Promise.reject(new Error('no records'))]) {
    clock.now = START;
    const alone = createBanBook(null, write, () => clock.now);
    alone.add(ban);
    await Promise.resolve();
    clock.now += 59_999;
    assert.equal(alone.has('session', 'a'), true);
    clock.now += 1;
    assert.deepEqual([alone.has('session', 'a'), alone.has('session', 'b')], [false, false]);
  }
});
