import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address } from '../../src/layers/address.ts';
import { judge } from '../support/layer.ts';

const TRUSTING = { trustedProxies: ['10.0.0.0/8', '2001:db8::/32'] };

interface Row {
  readonly name: string;
  readonly config?: object;
  readonly peer: string;
  readonly forwarded?: string;
  readonly address: string;
  readonly prefix: string;
}

const ROWS: Row[] = [
  {
    name: 'R6 without configuration X-Forwarded-For changes nothing',
    peer: '192.0.2.1',
    forwarded: '203.0.113.9',
    address: '192.0.2.1',
    prefix: '192.0.2.1',
  },
  {
    name: 'R7 a peer outside the list is not believed',
    config: TRUSTING,
    peer: '192.0.2.1',
    forwarded: '203.0.113.9',
    address: '192.0.2.1',
    prefix: '192.0.2.1',
  },
  {
    name: 'R7 a listed peer is',
    config: TRUSTING,
    peer: '10.1.2.3',
    forwarded: '203.0.113.9',
    address: '203.0.113.9',
    prefix: '203.0.113.9',
  },
  {
    name: 'R7 what the client wrote itself on the left is not reached',
    config: TRUSTING,
    peer: '10.1.2.3',
    forwarded: '1.1.1.1, 203.0.113.9',
    address: '203.0.113.9',
    prefix: '203.0.113.9',
  },
  {
    name: 'R7 the walk goes over listed hops from the right',
    config: TRUSTING,
    peer: '10.1.2.3',
    forwarded: '203.0.113.9, 10.9.9.9',
    address: '203.0.113.9',
    prefix: '203.0.113.9',
  },
  {
    name: 'a malformed hop ends the walk at the hop before it',
    config: TRUSTING,
    peer: '10.1.2.3',
    forwarded: '203.0.113.9, unknown',
    address: '10.1.2.3',
    prefix: '10.1.2.3',
  },
  {
    name: 'an IPv4-mapped peer is its IPv4 address',
    config: TRUSTING,
    peer: '::ffff:10.1.2.3',
    forwarded: '203.0.113.9',
    address: '203.0.113.9',
    prefix: '203.0.113.9',
  },
  {
    name: 'P5.5 IPv6 counts by /56',
    peer: '2001:db8:1:2ff:a:b:c:d',
    address: '2001:db8:1:2ff:a:b:c:d',
    prefix: '2001:db8:1:200::/56',
  },
  { name: 'P5.5 NAT64 is unwrapped', peer: '64:ff9b::c000:201', address: '192.0.2.1', prefix: '192.0.2.1' },
];

for (const row of ROWS) {
  test(row.name, () => {
    const headers: Record<string, string> = row.forwarded === undefined ? {} : { 'x-forwarded-for': row.forwarded };
    const { code, context } = judge(address, row.config ?? {}, { peer: row.peer, headers });
    assert.equal(code, '');
    assert.equal(context.address, row.address);
    assert.equal(context.prefix, row.prefix);
  });
}

test('R6 scheme and host come from forwarding fields of listed peers only', () => {
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'App.Example' };
  const stranger = judge(address, TRUSTING, { peer: '192.0.2.1', headers }).context;
  assert.deepEqual([stranger.secure, stranger.authority], [false, 'localhost:4000']);
  const listed = judge(address, TRUSTING, { peer: '10.0.0.1', headers }).context;
  assert.deepEqual([listed.secure, listed.authority], [true, 'app.example']);
});

test('a chain of thousands of hops costs no more than sixteen', () => {
  const forwarded = Array.from({ length: 5000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`).join(', ');
  const { context } = judge(address, TRUSTING, {
    peer: '10.0.0.1',
    headers: { 'x-forwarded-for': `203.0.113.9, ${forwarded}` },
  });
  assert.notEqual(context.address, '203.0.113.9');
});
