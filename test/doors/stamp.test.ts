import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStamps, stampFor } from '../../src/doors/stamp.ts';
import { STAMP_ENTRIES } from '../../src/wire/constants.ts';
import { createHandClock, pairOf, ringOf } from './support.ts';

const NAME = '__Host-sallyport-stamp';

function stampsOf() {
  const clock = createHandClock();
  const ring = ringOf({ clock });
  return { clock, ring, stamps: createStamps({ ring, clock, cookieName: () => NAME }) };
}

test('R13 the stamp is a cookie of this host alone that scripts cannot read', () => {
  const { stamps } = stampsOf();
  assert.match(
    stamps.issue(),
    /^__Host-sallyport-stamp=[\w.-]+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/,
  );
});

test('a stamp is good for its number of entries, and for no more', () => {
  const { stamps } = stampsOf();
  const cookie = pairOf(stamps.issue());
  for (let entry = 0; entry < STAMP_ENTRIES; entry++) assert.equal(stamps.spend(`a=b; ${cookie}; c=d`), 'good');
  assert.equal(stamps.spend(cookie), 'missing');
  assert.equal(stamps.spend(pairOf(stamps.issue())), 'good', 'another stamp is another budget');
});

test('a stamp that a refused entry gave says so', () => {
  const { stamps } = stampsOf();
  assert.equal(stamps.spend(pairOf(stamps.renew(''))), 'late');
});

test('R65 a stamp that follows another one is of the same page load, and one that follows none is of none', () => {
  const { stamps, clock } = stampsOf();
  const [page, other] = [pairOf(stamps.issue()), pairOf(stamps.issue())];
  const load = stamps.loadOf(page);
  assert.ok(load !== '' && load !== stamps.loadOf(other));
  let latest = page;
  for (let renewal = 0; renewal < 3; renewal++) {
    clock.advance(480);
    latest = pairOf(stamps.renew(latest));
    assert.equal(stamps.loadOf(latest), load);
  }
  assert.equal(stamps.loadOf(page), '', 'its own time is over');
  assert.equal(stamps.loadOf(pairOf(stamps.renew(page))), load, 'a tab that slept goes on with its page');
  assert.equal(stamps.loadOf(pairOf(stamps.renew(''))), '');
  assert.equal(stamps.loadOf(pairOf(stamps.renew(`${NAME}=x`))), '');
  for (let entry = 0; entry < STAMP_ENTRIES; entry++) assert.equal(stamps.spend(latest), 'late');
  assert.equal(stamps.spend(latest), 'missing');
  assert.equal(stamps.spend(pairOf(stamps.renew(latest))), 'late', 'of the same load, with entries of its own');
});

test('R45 a stamp ends with its time', () => {
  const { stamps, clock } = stampsOf();
  const cookie = pairOf(stamps.issue());
  clock.advance(600);
  assert.equal(stamps.spend(cookie), 'good');
  clock.advance(1);
  assert.equal(stamps.spend(cookie), 'missing');
});

test('R20 nothing else is a stamp', () => {
  const { stamps, ring } = stampsOf();
  const value = pairOf(stamps.issue()).slice(NAME.length + 1);
  for (const cookie of [
    '',
    `${NAME}=`,
    `${NAME}=x`,
    `x${NAME}=${value}`,
    `${NAME}x=${value}`,
    `${NAME}=${value}; ${NAME}=${value}`,
    `${NAME}=; ${NAME}=${value}`,
    `${NAME}=${ring.seal('session', Buffer.alloc(30, 2))}`,
    `${NAME}=${ring.seal('stamp', Buffer.alloc(30, 1))}`,
    `${'a=b; '.repeat(5000)}${NAME}=${value}`,
  ]) {
    assert.equal(stamps.spend(cookie), 'missing', cookie.slice(0, 60));
  }
  assert.equal(stamps.spend(`${NAME}=${value}`), 'good');
});

const RULES: readonly (readonly [cacheControl: string, stamp: boolean, sent: string, why: string])[] = [
  ['private', true, 'private', 'no shared cache keeps it'],
  ['no-store', true, 'no-store', 'no cache keeps it'],
  ['No-Cache', true, 'No-Cache', 'no cache uses it without asking'],
  ['private, max-age=3600', true, 'private, max-age=3600', 'only the browser keeps it'],
  ['public, max-age=0', true, 'private, max-age=0', 'shared freshness is zero, so `private` is added'],
  ['max-age=0, must-revalidate', true, 'private, max-age=0, must-revalidate', 'likewise'],
  ['s-maxage=0, max-age=60', true, 'private, max-age=60', 's-maxage decides for shared caches'],
  ['public, s-maxage=60, max-age=0', false, 'public, s-maxage=60, max-age=0', 'a shared cache keeps it'],
  ['max-age=60', false, 'max-age=60', 'a shared cache may keep it'],
  ['public', false, 'public', 'a shared cache may guess its freshness'],
  ['', false, '', 'a shared cache may guess its freshness'],
  ['must-revalidate', false, 'must-revalidate', 'likewise'],
  ['private="set-cookie", max-age=60', false, 'private="set-cookie", max-age=60', 'speaks of one field only'],
  ['no-cache="set-cookie"', false, 'no-cache="set-cookie"', 'speaks of one field only'],
  ['max-age=0, max-age=60', false, 'max-age=0, max-age=60', 'two values: some cache reads the other one'],
  ['max-age=x', false, 'max-age=x', 'no number'],
  ['max-age="0"', true, 'private, max-age="0"', 'quoted, as some caches read it'],
  ['x-private', false, 'x-private', 'another directive'],
];
for (const [cacheControl, stamp, sent, why] of RULES) {
  test(`a page that says ${JSON.stringify(cacheControl)} gets ${stamp ? 'a' : 'no'} stamp: ${why}`, () => {
    assert.deepEqual(stampFor(cacheControl), { stamp, cacheControl: sent });
  });
}
