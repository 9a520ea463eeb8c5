import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentOf, brandsOf, languageOf } from '../../src/lib/agent.ts';
import { networkOf } from '../../src/lib/address.ts';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

test('R68 a browser is its family and platform, whatever its version', () => {
  const rows: readonly (readonly [string, string])[] = [
    [`Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36`, 'Chrome Android'],
    [`Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/157.0.0.0 Mobile Safari/537.36`, 'Chrome Android'],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36`, 'Chrome CrOS'],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`,
      'Edge Windows',
    ],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox Macintosh'],
    ['curl/8.5.0', 'program curl'],
    ['python-requests/2.32', 'program python-requests'],
    ['', 'program '],
  ];
  for (const [userAgent, expected] of rows) assert.equal(agentOf(userAgent), expected, userAgent);
});

test('R68 brands are compared without versions, order, or the one that browsers invent', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['"Chromium";v="156", "Google Chrome";v="156", "Not?A_Brand";v="24"', 'Chromium, Google Chrome'],
    ['"(Not(A:Brand";v="99", "Google Chrome";v="157", "Chromium";v="157"', 'Chromium, Google Chrome'],
    ['" Not A;Brand";v="99", "Chromium";v="99"', 'Chromium'],
    ['"Chromium";v="156", "Brave";v="156"', 'Brave, Chromium'],
    ['', ''],
    ['garbage', ''],
  ];
  for (const [field, expected] of rows) assert.equal(brandsOf(field), expected, field);
});

test('R68 a language is its first subtag', () => {
  for (const [field, expected] of [
    ['de-DE,de;q=0.9,en;q=0.8', 'de'],
    ['de', 'de'],
    ['EN-us', 'en'],
    ['*', ''],
    ['', ''],
  ] as const)
    assert.equal(languageOf(field), expected, field);
});

test('R68 P5.3 a network is an IPv4 /24 or an IPv6 /48', () => {
  assert.equal(networkOf('198.51.100.7'), networkOf('198.51.100.200'));
  assert.notEqual(networkOf('198.51.100.7'), networkOf('198.51.101.7'));
  assert.equal(networkOf('2001:db8:0:100::/56'), networkOf('2001:db8:0:ff00::/56'));
  assert.notEqual(networkOf('2001:db8:0:100::/56'), networkOf('2001:db8:1:100::/56'));
  assert.equal(networkOf('local'), 'local');
});
