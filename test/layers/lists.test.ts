import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import type { AddressLists } from '../../src/guard/lists.ts';
import { address } from '../../src/layers/address.ts';
import { createLists } from '../../src/layers/lists.ts';
import type { Layer } from '../../src/guard/layer.ts';
import { createTestDoors } from '../support/doors.ts';
import { judge } from '../support/layer.ts';
import type { Sketch } from '../support/view.ts';

const listed: AddressLists = {
  find: (found) => (found.startsWith('203.0.113.') ? 'drop.txt' : ''),
  status: () => [],
  onChange: () => {},
};

/** Both layers, as a request meets them. */
const both: Layer = {
  name: 'both',
  forRoute: (route, policy) => {
    const first = address.forRoute(route, policy);
    const second = createLists(listed).forRoute(route, policy);
    return (request, context) => {
      first?.(request, context);
      return second?.(request, context) ?? { kind: 'pass' };
    };
  },
};

const code = (config: Config, sketch: Sketch): string => judge(both, config, sketch).code;
const LISTS: Config = { addresses: { lists: [{ file: 'drop.txt' }] } };

const ROWS: readonly (readonly [name: string, config: Config, sketch: Sketch, code: string])[] = [
  ['who is on a list does not get in', LISTS, { peer: '203.0.113.9' }, 'banned'],
  ['nor to a page', LISTS, { peer: '203.0.113.9', target: '/' }, 'banned'],
  ['a neighbour does', LISTS, { peer: '203.0.112.9' }, ''],
  [
    'what is excepted by `open` asks no list',
    { ...LISTS, open: ['/hook'] },
    { peer: '203.0.113.9', target: '/hook' },
    '',
  ],
  [
    'denied by hand, also there',
    { addresses: { deny: ['203.0.113.0/24'] }, open: ['/hook'] },
    { peer: '203.0.113.9', target: '/hook' },
    'banned',
  ],
  [
    'mapped into IPv6 it is the same address',
    { addresses: { deny: ['203.0.113.0/24'] } },
    { peer: '::ffff:203.0.113.9' },
    'banned',
  ],
  ['only who is allowed gets in', { addresses: { allow: ['192.0.2.0/24'] } }, { peer: '192.0.3.1' }, 'forbidden'],
  ['and gets in', { addresses: { allow: ['192.0.2.0/24'] } }, { peer: '192.0.2.1' }, ''],
  [
    'denying goes before allowing',
    { addresses: { allow: ['192.0.2.0/24'], deny: ['192.0.2.1'] } },
    { peer: '192.0.2.1' },
    'banned',
  ],
  [
    'a route asks beside the gate',
    {
      addresses: { allow: ['192.0.2.0/24'] },
      routes: [{ match: 'GET /api/posts', addresses: { allow: ['192.0.2.128/25'] } }],
    },
    { peer: '192.0.2.1' },
    'forbidden',
  ],
  [
    'and of its own callers alone',
    { routes: [{ match: 'GET /api/posts', addresses: { allow: ['192.0.2.128/25'] } }, { match: 'GET /api/tags' }] },
    { peer: '192.0.2.1', target: '/api/tags' },
    '',
  ],
  ['without an address nobody is allowed', { addresses: { allow: ['192.0.2.0/24'] } }, { peer: '' }, 'forbidden'],
];

for (const [name, config, sketch, expected] of ROWS) {
  test(`lists: ${name}`, () => assert.equal(code(config, sketch), expected));
}

const PROXIED: Config = { ...LISTS, trustedProxies: ['203.0.113.0/24', '10.0.0.0/8'] };
const said = (xff: string, peer = '10.0.0.1'): Sketch => ({ peer, headers: { 'x-forwarded-for': xff } });

test('P2.2 P5.1 the proxy itself is on no list, and who it names is; forged members change nothing', () => {
  assert.equal(code(PROXIED, { peer: '203.0.113.5' }), '');
  const one: Config = { ...LISTS, trustedProxies: ['10.0.0.0/8'] };
  assert.equal(code(one, said('203.0.113.9')), 'banned');
  for (const xff of ['192.0.2.1, 203.0.113.9', '10.0.0.7, 203.0.113.9', 'nonsense, ::ffff:203.0.113.9'])
    assert.equal(code(one, said(xff)), 'banned', xff);
  assert.equal(code(one, said('192.0.2.1', '203.0.113.9')), 'banned', 'a stranger’s fields count for nothing');
  assert.equal(code(one, said('203.0.113.9, 192.0.2.1')), '', 'nor can one put a neighbour on a list');
});

test('P5.5 budgets go by the configured length of an IPv6 prefix', () => {
  const prefix = (ipv6Prefix?: number): string => {
    const config: Config = ipv6Prefix === undefined ? {} : { addresses: { ipv6Prefix } };
    return judge(both, config, { peer: '2001:db8:aa:bbcc::1' }).context.prefix;
  };
  assert.deepEqual(
    [prefix(), prefix(48), prefix(64), prefix(32)],
    ['2001:db8:aa:bb00::/56', '2001:db8:aa::/48', '2001:db8:aa:bbcc::/64', '2001:db8::/32'],
  );
});

test('R17 a request that names another method has to come from where that method may', async () => {
  const doors = createTestDoors({
    routes: [{ match: 'POST /api/posts' }, { match: 'DELETE /api/posts', addresses: { allow: ['192.0.2.0/24'] } }],
  });
  const page = doors.enter();
  const send = async (target: string, peer: string) =>
    (await doors.decide({ ...page.sign({ method: 'POST', target }), peer })).code;
  assert.equal(await send('/api/posts', '127.0.0.1'), '');
  assert.equal(await send('/api/posts?_method=delete', '127.0.0.1'), 'forbidden');
  assert.equal(await send('/api/posts?_method=delete', '192.0.2.1'), '');
});

test('in report mode nobody is kept out, and the record names the list', async () => {
  const doors = createTestDoors({ mode: 'report', addresses: { deny: ['127.0.0.0/8'] } });
  const decision = await doors.decide(doors.enter().sign({ method: 'GET', target: '/api/posts' }));
  assert.deepEqual(
    [decision.outcome, decision.trail.map(({ layer, code, enforced }) => [layer, code, enforced])],
    ['admit', [['lists', 'banned', false]]],
  );
});
