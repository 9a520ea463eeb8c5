import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { hkdfSync } from 'node:crypto';
import type { SealPurpose } from '../../src/doors/seal.ts';
import { createHandClock, createSeededRandom, ringOf, SECRET } from './support.ts';

const PURPOSES: readonly SealPurpose[] = ['ticket', 'stamp', 'session'];
const DAY = 24 * 3600;
const content = fc.uint8Array({ minLength: 1, maxLength: 150 });

test('what is sealed is opened, for every purpose', () => {
  const ring = ringOf();
  fc.assert(
    fc.property(fc.constantFrom(...PURPOSES), content, (purpose, bytes) => {
      const opened = ring.open(purpose, ring.seal(purpose, bytes));
      assert.ok(typeof opened !== 'string');
      assert.deepEqual(new Uint8Array(opened), bytes);
    }),
  );
});

test('R20 what is sealed for one purpose never opens as another', () => {
  const ring = ringOf();
  for (const purpose of PURPOSES) {
    const text = ring.seal(purpose, Buffer.from('content'));
    for (const other of PURPOSES) {
      if (other !== purpose) assert.equal(ring.open(other, text), 'unknown', `${purpose} as ${other}`);
    }
    // Nor with the other purpose's header in front: the header is part of what is sealed.
    const foreign = ring.seal(purpose === 'ticket' ? 'stamp' : 'ticket', Buffer.from('content'));
    const swapped = foreign.slice(0, foreign.indexOf('.')) + text.slice(text.indexOf('.'));
    assert.equal(ring.open('ticket', swapped), 'unknown');
    assert.equal(ring.open('stamp', swapped), 'unknown');
  }
});

test('R20 no other text opens: every single change is refused', () => {
  const ring = ringOf();
  const text = ring.seal('ticket', Buffer.from('some content of a ticket'));
  const alphabet = 'AZaz09-_.=+/ ';
  for (let at = 0; at < text.length; at++) {
    for (const character of alphabet) {
      if (character === text[at]) continue;
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      // A failure either way: changed in the name of the instance it reads as a sibling's.
      assert.ok(['unknown', 'wrong-instance'].includes(ring.open('ticket', changed).toString()), `${at} ${character}`);
    }
    assert.equal(ring.open('ticket', text.slice(0, at)), 'unknown');
  }
  assert.equal(ring.open('ticket', `${text}A`), 'unknown');
  assert.equal(ring.open('ticket', `${text}.`), 'unknown');
  assert.equal(ring.open('ticket', 'A'.repeat(100_000)), 'unknown');
});

/** The key of a first turn, as docs/protocol.md §4.2 derives it, made apart from the code under test. */
function keyOf(purpose: SealPurpose, kid: string): Uint8Array {
  const [, , period = '', ...instance] = kid.split('.');
  const bound = instance.length > 0 ? `.${instance[0]}` : '';
  return new Uint8Array(hkdfSync('sha256', SECRET, '', `sallyport/1 seal ${purpose} ${period} 0${bound}`, 32));
}

const headerOf = (text: string): { alg: string; enc: string; kid: string } =>
  JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());

test('R59 jose opens what is sealed here; no compression is named', async () => {
  const ring = ringOf();
  for (const purpose of PURPOSES) {
    const text = ring.seal(purpose, Buffer.from(`as ${purpose}`));
    const header = headerOf(text);
    assert.deepEqual(Object.keys(header), ['alg', 'enc', 'kid']);
    const opened = await compactDecrypt(text, keyOf(purpose, header.kid));
    assert.equal(Buffer.from(opened.plaintext).toString(), `as ${purpose}`);
  }
});

test('R59 what jose seals under the same header opens here, under any other header it does not', async () => {
  const ring = ringOf();
  const { alg, enc, kid } = headerOf(ring.seal('stamp', Buffer.of(1)));
  const seal = (header: { alg: string; enc: string; kid: string; zip?: string; typ?: string }) =>
    new CompactEncrypt(Buffer.from('by jose')).setProtectedHeader(header).encrypt(keyOf('stamp', kid));
  const opened = ring.open('stamp', await seal({ alg, enc, kid }));
  assert.equal(opened.toString(), 'by jose');
  assert.equal(ring.open('stamp', await seal({ alg, kid, enc })), 'unknown');
  assert.equal(ring.open('stamp', await seal({ alg, enc, kid, typ: 'JWT' })), 'unknown');
  assert.equal(ring.open('stamp', await seal({ alg, enc, kid: kid.replace('s1', 's2') })), 'unknown');
});

test('R21 a key is accepted for one more period, then its seals are unknown', () => {
  const clock = createHandClock();
  const ring = ringOf({ clock });
  for (const purpose of PURPOSES) {
    const text = ring.seal(purpose, Buffer.of(1));
    clock.advance(DAY);
    assert.notEqual(ring.open(purpose, text), 'unknown');
    clock.advance(DAY);
    assert.equal(ring.open(purpose, text), 'unknown');
  }
});

test('R21 a text from the future is unknown; one from a sibling slightly ahead is not', () => {
  const clock = createHandClock();
  const ahead = createHandClock();
  const untilMidnight = DAY - ((clock.wall() / 1000) % DAY);
  clock.advance(untilMidnight - 30);
  ahead.advance(untilMidnight + 10);
  const text = ringOf({ clock: ahead, instanceName: 'two' }).seal('stamp', Buffer.of(1));
  assert.notEqual(ringOf({ clock }).open('stamp', text), 'unknown');
  ahead.advance(DAY);
  const later = ringOf({ clock: ahead, instanceName: 'two' }).seal('stamp', Buffer.of(1));
  assert.equal(ringOf({ clock }).open('stamp', later), 'unknown');
});

test('tickets are good at their instance only; stamps and sessions at all that share the secret', () => {
  const one = ringOf({ instanceName: 'one' });
  const two = ringOf({ instanceName: 'two' });
  assert.equal(two.open('ticket', one.seal('ticket', Buffer.of(1))), 'wrong-instance');
  assert.notEqual(two.open('stamp', one.seal('stamp', Buffer.of(1))), 'unknown');
  assert.notEqual(two.open('session', one.seal('session', Buffer.of(1))), 'unknown');
});

test('instances that share their state open each other’s tickets, and their own after a restart; no others do', () => {
  const one = ringOf({ instanceName: 'one', scope: 'redis' });
  const text = one.seal('ticket', Buffer.of(1));
  for (const instanceName of ['one', 'two'])
    assert.deepEqual(ringOf({ instanceName, scope: 'redis' }).open('ticket', text), Buffer.of(1), instanceName);
  assert.equal(ringOf({ instanceName: 'one', scope: 'another' }).open('ticket', text), 'wrong-instance');
  assert.equal(ringOf({ instanceName: 'one' }).open('ticket', text), 'wrong-instance');
  assert.equal(ringOf({ secret: Buffer.alloc(32, 8), scope: 'redis' }).open('ticket', text), 'unknown');
});

test('after a restart the same instance does not know its old tickets, and does not call them a sibling’s', () => {
  const text = ringOf({ instanceName: 'one' }).seal('ticket', Buffer.of(1));
  assert.equal(ringOf({ instanceName: 'one' }).open('ticket', text), 'unknown');
});

test('another secret knows nothing', () => {
  const text = ringOf().seal('ticket', Buffer.of(1));
  assert.equal(ringOf({ secret: Buffer.alloc(32, 8), instanceName: 'two' }).open('ticket', text), 'unknown');
});

test('a key that has sealed enough gives way to the next, and both open', () => {
  const clock = createHandClock();
  const ring = ringOf({ clock, sealsPerKey: 2 });
  const texts = Array.from({ length: 5 }, () => ring.seal('session', Buffer.of(1)));
  assert.equal(new Set(texts.map((text) => headerOf(text).kid)).size, 3);
  for (const text of texts) assert.notEqual(ring.open('session', text), 'unknown');
  // A sibling, or the same after a restart, finds the later keys by their name.
  for (const text of texts) assert.notEqual(ringOf({ clock }).open('session', text), 'unknown');
});

test('keys named by nobody but an attacker are never made', () => {
  const ring = ringOf();
  const { kid } = headerOf(ring.seal('stamp', Buffer.of(1)));
  const rest = `..${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}`;
  for (const forged of [
    kid.replace(/\d+$/, '1'),
    `${kid}-16`,
    `${kid}-1.AAAAAAAAAAA`,
    `${kid} `,
    kid.replace('s1.', 's1.x'),
  ]) {
    const header = Buffer.from(`{"alg":"dir","enc":"A256GCM","kid":"${forged}"}`).toString('base64url');
    assert.equal(ring.open('stamp', header + rest), 'unknown', forged);
  }
});

test('nonces do not repeat, and the same randomness gives the same text', () => {
  const ring = ringOf();
  const nonces = Array.from({ length: 2000 }, () => ring.seal('stamp', Buffer.of(1)).split('.')[2]);
  assert.equal(new Set(nonces).size, nonces.length);
  const seeded = () => ringOf({ random: createSeededRandom('a') }).seal('ticket', Buffer.of(1));
  assert.equal(seeded(), seeded());
});

test('weak settings are refused by name', () => {
  assert.throws(() => ringOf({ secret: Buffer.alloc(31) }), /secret: at least 32 bytes/);
  assert.throws(() => ringOf({ sealsPerKey: 2 ** 31 + 1 }), /sealsPerKey/);
});
