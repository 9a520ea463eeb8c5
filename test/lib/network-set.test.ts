import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressWords } from '../../src/lib/address-words.ts';
import { formatAddress, inNetwork, parseAddress, parseNetwork } from '../../src/lib/address.ts';
import { collectNetworks, networkSet } from '../../src/lib/network-set.ts';

/** Few distinct bytes, so that networks touch, overlap and hold one another. */
const byte = fc.constantFrom(0, 1, 2, 127, 128, 254, 255);
const bytes = (length: 4 | 16) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .chain(() => fc.array(byte, { minLength: length, maxLength: length }).map((list) => Uint8Array.from(list)));
const block = (length: 4 | 16) =>
  fc.tuple(bytes(length), fc.integer({ min: 1, max: length * 8 })).map(([address, bits]) => {
    const first = address.map((part, i) => part & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 255);
    return `${formatAddress(first)}/${bits}`;
  });
const anyBlock = fc.oneof(block(4), block(16));
const anyAddress = fc.oneof(bytes(4), bytes(16)).map(formatAddress);

test('a set of networks holds what one of its networks holds, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 40 }), fc.array(anyAddress, { maxLength: 20 }), (blocks, addresses) => {
      const set = networkSet(blocks);
      const networks = blocks.map(parseNetwork).filter((network) => network !== null);
      for (const address of [...addresses, ...blocks.map((text) => text.split('/')[0] ?? '')]) {
        assert.equal(
          set.has(address),
          networks.some((network) => inNetwork(address, network)),
          address,
        );
      }
    }),
  );
});

test('a set of thousands holds what one of its networks holds, in whatever order they came', () => {
  // Every third address of a few thousand, and a block that holds some of them.
  const single = (index: number): string => `198.18.${(index * 3) >> 8}.${(index * 3) & 255}`;
  const count = 5000;
  const shuffled = Array.from({ length: count }, (_, index) => single((index * 7919) % count));
  const set = networkSet([...shuffled, '198.18.4.0/24']);
  const held = new Set(shuffled);
  for (let index = 0; index < 3 * count; index++) {
    const address = `198.18.${index >> 8}.${index & 255}`;
    assert.equal(set.has(address), held.has(address) || index >> 8 === 4, address);
  }
});

test('P5.5 an address counts as the IPv4 one it carries, in whatever spelling', () => {
  const set = networkSet(['192.0.2.0/24', '::ffff:198.51.100.7', '2001:db8::/32']);
  for (const inside of ['192.0.2.9', '::ffff:192.0.2.9', '64:ff9b::192.0.2.9', '64:ff9b::c000:209', '198.51.100.7'])
    assert.equal(set.has(inside), true, inside);
  for (const outside of [
    '192.0.3.9',
    '::192.0.2.9',
    '192.0.2.09',
    '192.0.2',
    '192.0.2.9.1',
    '',
    'local',
    '192.0.2.256',
  ])
    assert.equal(set.has(outside), false, outside);
  assert.equal(set.has('2001:db8:ffff::1%eth0'), true);
});

test('an address is read as it is everywhere else, whatever its spelling', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    'ff',
    'ffff',
    '64',
    'ff9b',
    '192.0.2.1',
    '1.2.3',
    ':',
    '::',
    ':',
    ':',
    '%a',
    'g',
    '00000',
    '',
  );
  const words = new Uint32Array(4);
  const shown = (text: string): string => {
    const width = addressWords(text, words);
    return width === 0
      ? ''
      : Buffer.from(
          [...words.subarray(0, width)].flatMap((w) => [w >>> 24, (w >> 16) & 255, (w >> 8) & 255, w & 255]),
        ).toString('hex');
  };
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 16 }).map((parts) => parts.join('')),
        fc.ipV6(),
        fc.ipV4(),
      ),
      (text) => {
        const bytes = parseAddress(text);
        assert.equal(shown(text), bytes === null ? '' : Buffer.from(bytes).toString('hex'), text);
      },
    ),
    { numRuns: 3000 },
  );
});

test('ranges end where they end, and a range that runs backwards or between families is none', () => {
  const list = collectNetworks();
  const at = (...parts: number[]) => Uint8Array.from(parts);
  assert.equal(list.add(at(192, 0, 2, 5), at(192, 0, 2, 9)), true);
  assert.equal(list.add(at(192, 0, 2, 9), at(192, 0, 2, 5)), false);
  assert.equal(list.add(at(192, 0, 2, 9), new Uint8Array(16)), false);
  const set = list.done();
  assert.deepEqual(['192.0.2.4', '192.0.2.5', '192.0.2.9', '192.0.2.10'].map(set.has), [false, true, true, false]);
});
