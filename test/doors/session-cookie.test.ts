import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCookie } from '../../src/doors/cookies.ts';
import { createSessionCookies } from '../../src/doors/session-cookie.ts';
import { NOWHERE } from '../../src/guard/drift.ts';
import { createHandClock, pairOf, ringOf, START, whereabouts } from './support.ts';

const NAME = '__Host-sallyport';
const HOUR = 3600;

function cookiesOf(times = { idle: 12 * HOUR, max: 7 * 24 * HOUR }) {
  const clock = createHandClock();
  const ring = ringOf({ clock });
  return { clock, ring, ...createSessionCookies({ ring, clock, cookieName: () => NAME, times: () => times }) };
}

const session = {
  id: Buffer.alloc(16, 5).toString('base64url'),
  place: 7,
  created: START / 1000,
  key: '',
  login: 0,
  from: NOWHERE,
};

test('R13 R15 R22 the session cookie is sealed, host-only, and no script reads it', () => {
  const { issue } = cookiesOf();
  const field = issue(session, START);
  assert.match(field, /^__Host-sallyport=[\w.-]+; Path=\/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax$/);
  assert.ok(!field.includes(session.id));
});

test('R14 no cookie comes near 4,096 bytes', () => {
  const { issue } = cookiesOf();
  assert.ok(pairOf(issue({ ...session, place: 2 ** 32 - 1 }, START)).length < 512);
});

test('what is issued is opened', () => {
  const { issue, open } = cookiesOf();
  const record = fc.record({
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    place: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    created: fc.constant(START / 1000),
    login: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    key: fc.oneof(
      fc.constant(''),
      fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .filter((bytes) => bytes.some((byte) => byte !== 0))
        .map((bytes) => Buffer.from(bytes).toString('base64url')),
    ),
    from: whereabouts,
  });
  fc.assert(
    fc.property(record, (content) => {
      const id = Buffer.from(content.id, 'base64url');
      for (const _ of ['opened', 'remembered']) {
        const opened = open(`a=1; ${pairOf(issue(content, START))}`, START) ?? assert.fail();
        assert.deepEqual(
          { ...opened, from: { ...opened.from } },
          {
            ...content,
            idHigh: id.readUInt32BE(0),
            idLow: id.readUInt32BE(4),
            seen: START / 1000,
          },
        );
      }
    }),
  );
});

test('R17 idle and absolute times end a session here, from memory too', () => {
  const { issue, open } = cookiesOf();
  const cookie = pairOf(issue(session, START));
  assert.notEqual(open(cookie, START + (12 * HOUR - 1) * 1000), null);
  assert.equal(open(cookie, START + 12 * HOUR * 1000), null);
  const late = START + (7 * 24 * HOUR - 60) * 1000;
  const last = issue(session, late);
  assert.match(last, /Max-Age=60;/);
  assert.notEqual(open(pairOf(last), late + 59_000), null);
  assert.equal(open(pairOf(last), late + 60_000), null);
});

test('a cookie is replaced before its idle time is off by more than a share', () => {
  const { issue, open, isWorn } = cookiesOf();
  const opened = open(pairOf(issue(session, START)), START) ?? assert.fail();
  assert.equal(isWorn(opened, START + 600_000), false);
  assert.equal(isWorn(opened, START + 601_000), true);
});

test('a cookie from the future is none', () => {
  const { issue, open } = cookiesOf();
  const cookie = pairOf(issue(session, START + 120_000));
  assert.equal(open(cookie, START), null);
  assert.notEqual(open(cookie, START + 60_000), null);
});

test('R20 a stamp, a ticket or anything else is no session', () => {
  const { open, ring } = cookiesOf();
  for (const value of ['', 'x', ring.seal('stamp', Buffer.alloc(29, 1)), ring.seal('ticket', Buffer.alloc(29, 1))]) {
    assert.equal(open(`${NAME}=${value}`, START), null);
  }
  assert.equal(open(`${NAME}=${ring.seal('session', Buffer.alloc(28, 1))}`, START), null);
  assert.equal(open(`${NAME}=${ring.seal('session', Buffer.alloc(29, 2))}`, START), null);
});

const COOKIES: readonly (readonly [field: string, value: string, why: string])[] = [
  ['n=1', '1', 'alone'],
  ['a=b; n=1', '1', 'last'],
  ['n=1; a=b', '1', 'first'],
  ['a=b;n=1;c=d', '1', 'without spaces'],
  ['a=b;\t n=1 ;c=d', '1', 'with more of them'],
  ['', '', 'no field'],
  ['a=n=1', '', 'inside another value'],
  ['an=1', '', 'the end of another name'],
  ['na=1', '', 'the beginning of another name'],
  ['n', '', 'without a value'],
  ['N=1', '', 'names are case-sensitive'],
  ['n=1; n=2', '', 'twice: choosing would be guessing'],
  ['n=1; n=1', '', 'twice, even the same'],
  ['n=; n=2', '', 'twice, once empty'],
  ['n=a=b', 'a=b', 'a value with an equals sign'],
  [';;; n=1 ;;', '1', 'among nothing'],
];
for (const [field, value, why] of COOKIES) {
  test(`readCookie of ${JSON.stringify(field)}: ${why}`, () => assert.equal(readCookie(field, 'n'), value));
}
