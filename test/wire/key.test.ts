import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  findKey,
  formatKey,
  formatKeyId,
  isKeyId,
  KEY_LENGTH,
  type KeyKind,
  parseKey,
  withoutKeys,
} from '../../src/wire/key.ts';
import { formatKeyInput, formatKeyParams, parseKeySignature } from '../../src/wire/key-signature.ts';
import { parseSignatureInput } from '../../src/wire/read-proof.ts';

const kinds = fc.constantFrom<KeyKind>('bearer', 'ed25519', 'hmac');
const ids = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(formatKeyId);
const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SIGNATURE = `sallyport=:${Buffer.alloc(64, 7).toString('base64')}:`;

describe('the text of a key', () => {
  test('R69 what was formatted is parsed again, whatever the bytes, and looks like what scanners look for', () => {
    fc.assert(
      fc.property(kinds, ids, secrets, (kind, id, secret) => {
        const text = formatKey(kind, id, secret);
        assert.equal(text.length, KEY_LENGTH);
        assert.match(text, /^sp[ksh]_[0-9A-Za-z]{60}$/);
        const parsed = parseKey(text);
        assert.ok(typeof parsed === 'object' && parsed !== null);
        assert.deepEqual([parsed.kind, parsed.id, Buffer.from(parsed.secret)], [kind, id, Buffer.from(secret)]);
        assert.equal(findKey(`https://app.example/?a=${text}&b`), text);
      }),
    );
  });

  test('a slip of one character, and two that changed places, are told without a look-up', () => {
    fc.assert(
      fc.property(kinds, ids, secrets, fc.nat(59), fc.nat(61), (kind, id, secret, at, digit) => {
        const text = formatKey(kind, id, secret);
        const slipped = `${text.slice(0, 4 + at)}${ALPHABET[digit]}${text.slice(5 + at)}`;
        if (slipped !== text) assert.equal(parseKey(slipped), 'typo');
        const [a, b] = [text[4 + at], text[5 + at]];
        if (at < 59 && a !== b) assert.equal(parseKey(`${text.slice(0, 4 + at)}${b}${a}${text.slice(6 + at)}`), 'typo');
        assert.equal(parseKey(text.slice(0, -1)), 'typo');
        assert.equal(findKey(slipped === text ? '' : slipped), '');
      }),
    );
  });

  test('its checksum is the CRC-32 that everybody has', () => {
    const text = formatKey('bearer', '0123456789A', Buffer.alloc(32, 255));
    let value = crc32(text.slice(0, -6));
    let digits = '';
    for (let at = 0; at < 6; at++, value = Math.floor(value / 62)) digits = ALPHABET[value % 62] + digits;
    assert.equal(text.slice(-6), digits);
  });

  test('other texts are none, and never thrown about', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((tail) => `spk_${tail}`),
        ),
        (text) => {
          const parsed = parseKey(text);
          assert.ok(parsed === null || parsed === 'typo');
        },
      ),
    );
    assert.equal(isKeyId('short'), false);
    assert.throws(() => formatKey('bearer', 'no id', Buffer.alloc(32)), TypeError);
    // 43 digits hold a little more than 32 bytes: what is above has no key.
    const most = `spk_00000000000${'z'.repeat(43)}`;
    let value = crc32(most);
    let digits = '';
    for (let at = 0; at < 6; at++, value = Math.floor(value / 62)) digits = ALPHABET[value % 62] + digits;
    assert.equal(parseKey(most + digits), 'typo');
  });
});

test('R71 what is written into a log keeps of a key its id alone', () => {
  fc.assert(
    fc.property(kinds, ids, secrets, (kind, id, secret) => {
      const text = formatKey(kind, id, secret);
      const line = withoutKeys(`/files/${text}/a/${text.slice(0, 40)}`);
      assert.ok(line.includes(id));
      assert.equal(line.includes(text.slice(15, 30)), false);
    }),
  );
  assert.equal(withoutKeys('/spk_/space/spk_short'), '/spk_/space/spk_short');
});

describe('the signature of a key', () => {
  const components = ['@method', '@authority', '@path', '@query', 'content-type'];
  const of = (changes: Partial<Parameters<typeof formatKeyParams>[0]> = {}): string =>
    formatKeyParams({
      components,
      created: 1_800_000_000,
      nonce: 'abcdefghijklmnop',
      keyid: '0123456789A',
      ...changes,
    });

  test('what was formatted is parsed again', () => {
    const nonces = fc.stringMatching(/^[\w+/=.~-]{16,64}$/);
    fc.assert(
      fc.property(ids, nonces, fc.nat(2 ** 31), (keyid, nonce, created) => {
        const params = of({ keyid, nonce, created });
        const parsed = parseKeySignature(formatKeyInput(params), SIGNATURE);
        assert.ok(typeof parsed === 'object' && parsed !== null);
        assert.deepEqual(
          [parsed.components, parsed.created, parsed.nonce, parsed.keyid, parsed.expires, parsed.alg, parsed.params],
          [components, created, nonce, keyid, 0, '', params],
        );
      }),
    );
  });

  test('parameters come in any order, beside other labels, with expires and alg', () => {
    const list = '("@method" "@authority" "@path" "@query")';
    const input = `other=("date");tag="x", sallyport=${list};alg="ed25519";keyid="0123456789A";tag="sallyport-1-key";expires=1800000060;nonce="abcdefghijklmnop";created=1800000000`;
    const parsed = parseKeySignature(input, `other=:AAAA:, ${SIGNATURE}`);
    assert.ok(typeof parsed === 'object' && parsed !== null);
    assert.deepEqual([parsed.alg, parsed.expires, parsed.created], ['ed25519', 1_800_000_060, 1_800_000_000]);
  });

  for (const [why, input, signature] of [
    ['a parameter twice', `sallyport=${of()};created=1`, SIGNATURE],
    ['a parameter of no meaning', `sallyport=${of()};role="admin"`, SIGNATURE],
    ['no nonce', `sallyport=${of().replace(/;nonce="[^"]+"/, '')}`, SIGNATURE],
    ['a nonce of 15', `sallyport=${of({ nonce: 'abcdefghijklmno' })}`, SIGNATURE],
    ['a nonce of 65', `sallyport=${of({ nonce: 'a'.repeat(65) })}`, SIGNATURE],
    ['a number as text', `sallyport=${of().replace('created=1800000000', 'created="1800000000"')}`, SIGNATURE],
    ['a text as number', `sallyport=${of().replace('keyid="0123456789A"', 'keyid=1')}`, SIGNATURE],
    ['no signature', `sallyport=${of()}`, ''],
    ['the label twice', `sallyport=${of()}, sallyport=${of()}`, SIGNATURE],
    ['another label’s signature', `sallyport=${of()}`, SIGNATURE.replace('sallyport', 'other')],
    ['something behind the parameters', `sallyport=${of()} x`, SIGNATURE],
    ['a field of great length', `sallyport=${of()}, other=("${'a'.repeat(9000)}")`, SIGNATURE],
  ] as const) {
    test(`R39 ${why} is malformed`, () => assert.equal(parseKeySignature(input, signature), 'malformed'));
  }

  test('a page’s proof is none, and a key’s signature is no proof', () => {
    const proof = `sallyport=${of().replace('sallyport-1-key', 'sallyport-1')}`;
    assert.equal(parseKeySignature(proof, SIGNATURE), null);
    assert.equal(parseKeySignature(`other=${of()}, ${proof}`, SIGNATURE), null, 'our tag under another label');
    assert.equal(parseKeySignature(`x="a;tag=\\"sallyport-1-key\\"", ${proof}`, SIGNATURE), null);
    const short = `sallyport=:${Buffer.alloc(32).toString('base64')}:`;
    assert.equal(parseSignatureInput(`sallyport=${of()}`, short), 'malformed');
  });
});
