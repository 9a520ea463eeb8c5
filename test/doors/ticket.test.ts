import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPads, macBase64, PADS, writePads } from '../../src/doors/hmac.ts';
import { verifyProof } from '../../src/doors/open-ticket.ts';
import { createTickets } from '../../src/doors/ticket.ts';
import type { TicketContent } from '../../src/doors/ticket-layout.ts';
import { parseSignatureInput } from '../../src/wire/read-proof.ts';
import { type Cryptography, verdictOn } from '../wire/verdict.ts';
import { readVectorText, vectors } from '../wire/vectors.ts';
import { NOWHERE } from '../../src/guard/drift.ts';
import { createHandClock, ringOf, START, whereabouts } from './support.ts';

const SECONDS = START / 1000;
const schedule = vectors.keySchedule[0] ?? assert.fail('no key schedule');

function contentOf(overrides: Partial<TicketContent> = {}): TicketContent {
  return {
    id: Buffer.alloc(16, 1),
    session: Buffer.alloc(16, 2),
    loginEpoch: 0,
    windowPlace: 0,
    sessionPlace: 0,
    sessionCreated: 0,
    client: 'default',
    authority: 'app.example',
    origin: 'https://app.example',
    issued: SECONDS,
    expires: SECONDS + 600,
    secret: Buffer.from(schedule.entrySecret, 'base64url'),
    from: NOWHERE,
    ...overrides,
  };
}

function ticketsOf(remembered?: number) {
  const clock = createHandClock();
  const ring = ringOf({ clock });
  const clients = ['default', 'shop'];
  return { clock, ring, ...createTickets({ ring, clock, clients: () => clients, ...(remembered && { remembered }) }) };
}

function opened(content: Partial<TicketContent> = {}) {
  const { openTicket, issueTicket } = ticketsOf();
  const ticket = openTicket(issueTicket(contentOf(content)));
  assert.ok(typeof ticket !== 'string', `${ticket}`);
  return ticket;
}

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('a ticket says what was put in, in at most 300 bytes', () => {
  const { openTicket, issueTicket } = ticketsOf();
  const record = fc.record({
    id: sixteen,
    session: sixteen,
    loginEpoch: uint32,
    windowPlace: uint32,
    sessionPlace: uint32,
    sessionCreated: uint32,
    client: fc.constantFrom('default', 'shop'),
    authority: fc.constantFrom('a', 'app.example:8443', 'x'.repeat(253)),
    origin: fc.webUrl(),
    from: whereabouts,
  });
  fc.assert(
    fc.property(record, (fields) => {
      const text = issueTicket(contentOf(fields));
      assert.ok(text.length <= 300, `${text.length}`);
      assert.match(text, /^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
      const ticket = openTicket(text);
      assert.ok(typeof ticket !== 'string');
      assert.equal(ticket.id, Buffer.from(fields.id).toString('base64url'));
      assert.equal(ticket.session, Buffer.from(fields.session).toString('base64url'));
      assert.equal(ticket.windowIdHigh, Buffer.from(fields.id).readUInt32BE(0));
      assert.equal(ticket.windowIdLow, Buffer.from(fields.id).readUInt32BE(4));
      assert.equal(ticket.sessionIdHigh, Buffer.from(fields.session).readUInt32BE(0));
      assert.equal(ticket.sessionIdLow, Buffer.from(fields.session).readUInt32BE(4));
      assert.equal(ticket.windowPlace, fields.windowPlace);
      assert.equal(ticket.sessionPlace, fields.sessionPlace);
      assert.equal(ticket.sessionCreated, fields.sessionCreated);
      assert.equal(ticket.loginEpoch, fields.loginEpoch);
      assert.equal(ticket.client, fields.client);
      assert.deepEqual({ ...ticket.from }, fields.from);
      assert.equal(ticket.issued, SECONDS);
      assert.equal(ticket.expires, SECONDS + 600);
      assert.ok(ticket.isForAuthority(fields.authority) && !ticket.isForAuthority(`${fields.authority}.`));
      assert.ok(ticket.isForOrigin(fields.origin) && !ticket.isForOrigin('null'));
    }),
  );
});

test('R38 a ticket of a client that is no longer configured names none', () => {
  assert.equal(opened({ client: 'gone' }).client, '');
});

test('R21 a ticket ends with its time, from memory too', () => {
  const { openTicket, issueTicket, isKnown, clock } = ticketsOf();
  const text = issueTicket(contentOf());
  assert.notEqual(openTicket(text), 'expired');
  assert.ok(isKnown(text));
  clock.advance(600);
  assert.equal(openTicket(text), 'expired');
  assert.ok(!isKnown(text));
  assert.equal(openTicket(text), 'expired');
});

test('R20 other sealed things are no tickets', () => {
  const { openTicket, ring } = ticketsOf();
  assert.equal(openTicket(ring.seal('stamp', Buffer.alloc(117, 1))), 'unknown');
  assert.equal(openTicket(ring.seal('ticket', Buffer.alloc(116, 1))), 'unknown');
  assert.equal(openTicket(ring.seal('ticket', Buffer.alloc(117, 2))), 'unknown');
  assert.equal(openTicket(''), 'unknown');
});

test('opened tickets are remembered within bounds, and a forgotten one opens again', () => {
  const { openTicket, issueTicket, isKnown } = ticketsOf(4);
  const texts = Array.from({ length: 20 }, (_, index) => issueTicket(contentOf({ id: Buffer.alloc(16, index) })));
  const first = texts.map((text) => openTicket(text));
  assert.ok(texts.filter((text) => isKnown(text)).length <= 8);
  for (const [index, text] of texts.entries()) {
    const again = openTicket(text);
    const before = first[index];
    assert.ok(typeof again !== 'string' && typeof before === 'object');
    assert.equal(again.id, before.id);
    assert.ok(verifyProof(before, 'x', macOf('proof', 'x')), 'a record that memory dropped still verifies');
  }
});

function macOf(purpose: 'proof' | 'sync', text: string): string {
  return createHmac('sha256', Buffer.from(schedule.keys[purpose], 'base64url')).update(text, 'latin1').digest('base64');
}

test('proofs are verified as the platform computes them, under either key', () => {
  const ticket = opened();
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary-ascii', maxLength: 6000 }),
      fc.constantFrom('proof', 'sync'),
      (text, purpose) => {
        assert.ok(verifyProof(ticket, text, macOf(purpose, text), purpose));
        assert.ok(!verifyProof(ticket, `${text}.`, macOf(purpose, text), purpose));
        assert.ok(!verifyProof(ticket, text, macOf(purpose === 'proof' ? 'sync' : 'proof', text), purpose));
      },
    ),
  );
  assert.ok(verifyProof(ticket, 'x'.repeat(20_000), macOf('proof', 'x'.repeat(20_000))));
  assert.ok(verifyProof(ticket, 'byte \u00ff', macOf('proof', 'byte \u00ff')));
  for (const signature of ['', 'A', macOf('proof', 'x').slice(0, -1), `${macOf('proof', 'x')}=`]) {
    assert.ok(!verifyProof(ticket, 'x', signature));
  }
});

test('R38 the key belongs to its ticket', () => {
  const other = opened({ secret: Buffer.alloc(32, 9) });
  assert.ok(!verifyProof(other, 'x', macOf('proof', 'x')));
});

test('RFC 9421 B.2.5: HMAC over its signature base', () => {
  const vector: { sharedSecret: string; base: string[]; signature: string } = JSON.parse(
    readVectorText('rfc9421-b.2.5.json'),
  );
  const pads = createPads();
  writePads(pads, 0, Buffer.from(vector.sharedSecret, 'base64').toString('latin1'));
  assert.equal(`sig-b25=:${macBase64(pads, 0, vector.base.join('\n'))}:`, vector.signature);
});

test('HMAC agrees with the platform for keys of any length up to a block', () => {
  const pads = createPads(3, PADS + 3);
  for (let length = 0; length <= 64; length++) {
    const key = randomBytes(length);
    writePads(pads, PADS + 3, key.toString('latin1'));
    assert.equal(macBase64(pads, PADS + 3, 'text'), createHmac('sha256', key).update('text').digest('base64'));
  }
  assert.throws(() => writePads(pads, 0, 'k'.repeat(65)), RangeError);
});

for (const proof of vectors.proofs) {
  test(`vector "${proof.name}": its signature holds`, () => {
    const parsed = parseSignatureInput(proof.signatureInput, proof.signature);
    assert.ok(parsed !== null && parsed !== 'malformed');
    assert.ok(verifyProof(opened(), proof.base, parsed.signature, proof.purpose));
    assert.ok(!verifyProof(opened(), proof.base, parsed.signature, proof.purpose === 'proof' ? 'sync' : 'proof'));
  });
}

const cryptography: Cryptography = {
  verify: (base, signature) => verifyProof(opened(), base, signature),
  sha256: (text) => createHash('sha256').update(text).digest('base64'),
};

for (const request of vectors.requests) {
  test(`R36 R40 R45 vector "${request.name}" is ${request.code === '' ? 'admitted' : `refused: ${request.code}`}`, async () => {
    assert.equal(await verdictOn(request, vectors.now, cryptography), request.code);
  });
}
