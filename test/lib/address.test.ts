import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, inNetwork, parseAddress, parseNetwork, prefixOf } from '../../src/lib/address.ts';

const PREFIXES: readonly (readonly [address: string, prefix: string, why: string])[] = [
  ['192.0.2.7', '192.0.2.7', 'IPv4 counts as it is'],
  ['::ffff:192.0.2.7', '192.0.2.7', 'P5.5 IPv4-mapped is the IPv4 address'],
  ['::FFFF:c000:207', '192.0.2.7', 'in any spelling'],
  ['64:ff9b::192.0.2.7', '192.0.2.7', 'P5.5 NAT64 is unwrapped'],
  ['2001:db8:1:2ff::1', '2001:db8:1:200::/56', 'P5.5 IPv6 counts by /56'],
  ['2001:db8:1:200:ffff::', '2001:db8:1:200::/56', 'the whole /56 is one'],
  ['2001:db8:1:300::1', '2001:db8:1:300::/56', 'the next /56 is another'],
  ['fe80::1%eth0', 'fe80::/56', 'a zone is no part of the address'],
  ['::1', '::/56', 'loopback'],
  ['', '', 'a Unix socket has none'],
  ['192.0.2.7:80', '', 'no ports'],
  ['010.0.0.1', '', 'no octal'],
  ['1.2.3', '', 'no short forms'],
  ['[::1]', '', 'no brackets'],
  ['1::2::3', '', 'one gap'],
  ['1:2:3:4:5:6:7:8:9', '', 'eight groups'],
  ['12345::', '', 'four digits a group'],
];
for (const [address, prefix, why] of PREFIXES) {
  test(`prefix of ${JSON.stringify(address)}: ${why}`, () => assert.equal(prefixOf(address), prefix));
}

test('takes exactly what the platform takes for an address', () => {
  const piece = fc.constantFrom('0', '1', 'ffff', 'db8', '::', ':', '.', '255', '256', '1.2.3.4', '00');
  const guess = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(guess, fc.ipV4(), fc.ipV6()), (text) => {
      assert.equal(parseAddress(text) !== null, isIP(text) !== 0, text);
      assert.equal(prefixOf(text) !== '', isIP(text) !== 0, text);
      if (isIP(text) === 4) assert.equal(prefixOf(text), text);
    }),
    { numRuns: 2000 },
  );
});

test('an address has one spelling', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const bytes = parseAddress(text);
      assert.ok(bytes);
      const spelt = formatAddress(bytes);
      assert.deepEqual(parseAddress(spelt), bytes);
      assert.equal(formatAddress(parseAddress(spelt) ?? bytes), spelt);
    }),
  );
  assert.equal(formatAddress(parseAddress('2001:0:0:1:0:0:0:1') ?? new Uint8Array(16)), '2001:0:0:1::1');
  assert.equal(formatAddress(parseAddress('1:0:0:2:0:0:3:4') ?? new Uint8Array(16)), '1::2:0:0:3:4');
  assert.equal(formatAddress(new Uint8Array(16)), '::');
});

test('R7 networks: membership by bits, families apart, sloppy blocks refused', () => {
  const inside = (address: string, block: string): boolean => {
    const network = parseNetwork(block);
    assert.ok(network, block);
    return inNetwork(address, network);
  };
  assert.equal(inside('10.255.0.1', '10.0.0.0/8'), true);
  assert.equal(inside('11.0.0.1', '10.0.0.0/8'), false);
  assert.equal(inside('10.0.0.127', '10.0.0.0/25'), true);
  assert.equal(inside('10.0.0.128', '10.0.0.0/25'), false);
  assert.equal(inside('::ffff:10.0.0.1', '10.0.0.0/8'), true);
  assert.equal(inside('10.0.0.1', '::ffff:10.0.0.0/104'), true);
  assert.equal(inside('10.0.0.1', '::/0'), false);
  assert.equal(inside('2001:db8::1', '0.0.0.0/0'), false);
  assert.equal(inside('2001:db8::1', '2001:db8::/32'), true);
  assert.equal(inside('192.0.2.1', '192.0.2.1'), true);
  for (const bad of ['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8', 'x', '', '2', '::/129']) {
    assert.equal(parseNetwork(bad), null, bad);
  }
});
