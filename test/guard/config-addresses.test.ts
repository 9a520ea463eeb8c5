import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

const ROWS: readonly (readonly [value: unknown, field: string, rule: RegExp])[] = [
  [{ deny: ['10.0.0.1/8'] }, 'addresses.deny[0]', /first 8/],
  [{ deny: ['example.com'] }, 'addresses.deny[0]', /host names are not taken/],
  [{ deny: ['0.0.0.0/0'] }, 'addresses.deny[0]', /everybody/],
  [{ deny: ['64:ff9b::/96'] }, 'addresses.deny[0]', /everybody/],
  [{ allow: [] }, 'addresses.allow', /lets nobody in/],
  [{ allow: ['10.0.0.0/8'], deny: ['10.0.0.0/8'] }, 'addresses.deny', /allow names it/],
  [{ lists: [{}] }, 'addresses.lists[0]', /one of them/],
  [{ lists: [{ file: 'a', url: 'https://a.example/' }] }, 'addresses.lists[0]', /one of them/],
  [{ lists: [{ url: 'http://a.example/' }] }, 'addresses.lists[0].url', /https/],
  [{ lists: [{ url: 'https://a:b@a.example/' }] }, 'addresses.lists[0].url', /password/],
  [{ lists: [{ url: 'https://a.example/', every: 5 }] }, 'addresses.lists[0].every', /60 or more/],
  [{ ipv6Prefix: 65 }, 'addresses.ipv6Prefix', /32 to 64/],
  [{ ipv6Prefix: 24 }, 'addresses.ipv6Prefix', /32 to 64/],
];

for (const [addresses, field, rule] of ROWS) {
  test(`addresses that cannot be kept are refused: ${JSON.stringify(addresses)}`, () => {
    assert.throws(
      () => parseConfig({ addresses }, 'config'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual([error.problems.length, error.problems[0]?.field], [1, field]);
        assert.match(error.problems[0]?.rule ?? '', rule);
        return true;
      },
    );
  });
}

test('lists on this machine may come over plain HTTP, and a single address is a network', () => {
  parseConfig(
    { addresses: { lists: [{ url: 'http://127.0.0.1:8080/l' }], deny: ['192.0.2.1', '2001:db8::1'] } },
    'config',
  );
});
