import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from '../../src/addresses/parse.ts';

interface Row {
  readonly format: string;
  readonly text: string;
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  readonly broken?: readonly number[];
  readonly reserved?: number;
}

const ROWS: readonly Row[] = [
  {
    format: 'FireHOL netset, with networks that nobody has',
    text: '#\n# firehol_level1\n#\n0.0.0.0/8\n10.0.0.0/8\n1.10.16.0/20\n224.0.0.0/3\n5.188.10.7\n',
    inside: ['1.10.16.0', '1.10.31.255', '5.188.10.7'],
    outside: ['1.10.32.0', '5.188.10.8', '10.1.2.3', '230.1.1.1'],
    reserved: 3,
  },
  {
    format: 'Spamhaus DROP text',
    text: '; Spamhaus DROP List\r\n1.10.16.0/20 ; SBL256894\r\n2001:678:738::/48 ; SBL1\r\n',
    inside: ['1.10.17.1', '2001:678:738::9'],
    outside: ['2001:678:739::9'],
  },
  {
    format: 'Spamhaus DROP as JSON lines',
    text: '{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}\n{"cidr":"2.57.122.0/24","sblid":"SBL1"}\n{"type":"metadata","timestamp":1,"size":2}\n',
    inside: ['1.10.17.1', '2.57.122.9'],
    outside: ['2.57.123.9'],
  },
  {
    format: 'ipsum: how many lists name an address stands behind it',
    text: '# IPsum\n45.148.10.1\t9\n45.148.10.3\t8\n',
    inside: ['45.148.10.1', '45.148.10.3'],
    outside: ['45.148.10.2'],
  },
  {
    format: 'dshield: first and last address of a block',
    text: '# DShield\nStart\tEnd\tNetblock\tAttacks\tName\n45.95.147.0\t45.95.147.255\t24\t3105\tEXAMPLE\n',
    inside: ['45.95.147.0', '45.95.147.255'],
    outside: ['45.95.148.0'],
  },
  {
    format: 'Tor exits, as a plain list and as the directory has them',
    text: '171.25.193.20\nExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\nPublished 2026-11-21 12:00:00\nLastStatus 2026-11-21 13:00:00\nExitAddress 162.247.74.201 2026-11-21 13:02:00\n',
    inside: ['171.25.193.20', '162.247.74.201'],
    outside: ['162.247.74.200'],
  },
  {
    format: 'ranges with a dash',
    text: '5.5.5.5-5.5.5.7\n6.6.6.6 - 6.6.6.8 # a note\n',
    inside: ['5.5.5.5', '5.5.5.7', '6.6.6.8'],
    outside: ['5.5.5.8', '6.6.6.9'],
  },
  {
    format: 'prefixes as Google and Bing publish them',
    text: '{"creationTime":"2026-11-21T00:00:00","prefixes":[{"ipv6Prefix":"2001:4860:4801:10::/64"},{"ipv4Prefix":"66.249.64.0/27"}]}',
    inside: ['66.249.64.31', '2001:4860:4801:10::1'],
    outside: ['66.249.64.32'],
  },
  {
    format: 'a list with broken lines: the good ones count',
    text: '1.2.3.4\n\n<html>\n1.2.3.0/33\n1.2.3.4/24\n01.2.3.4\n1.0.0.0/7\n9.9.9.9-8.8.8.8\n7.7.7.7 - x\n{"a":1}\n64:ff9b::/96\n5.6.7.8',
    inside: ['1.2.3.4', '5.6.7.8'],
    outside: ['1.2.3.5', '7.7.7.7', '9.9.9.9', '64:ff9b::9.9.9.9'],
    broken: [3, 4, 5, 6, 7, 8, 9, 10, 11],
  },
];

for (const { format, text, inside, outside, broken = [], reserved = 0 } of ROWS) {
  test(`lists: ${format}`, async () => {
    const list = await parseList(text);
    for (const address of inside) assert.equal(list.set.has(address), true, address);
    for (const address of outside) assert.equal(list.set.has(address), false, address);
    assert.deepEqual(
      list.brokenLines.map(({ line }) => line),
      broken,
    );
    assert.deepEqual([list.broken, list.reserved], [broken.length, reserved]);
  });
}

test('a broken line is shown shortened, and of very many only the first', async () => {
  const list = await parseList(`${'x'.repeat(5000)}\n`.repeat(3000));
  assert.equal(list.broken, 3000);
  assert.equal(list.brokenLines.length, 20);
  assert.equal(list.brokenLines[0]?.text.length, 80);
});
