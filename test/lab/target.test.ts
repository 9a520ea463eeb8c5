import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError, parseTarget } from '../../src/lab/target.ts';

const LOOPBACK = [
  ['http://localhost:4000/api', 'localhost'],
  ['http://LOCALHOST:4000/api', 'localhost'],
  ['http://127.0.0.1/api', '127.0.0.1'],
  ['http://127.9.8.7:1/api', '127.9.8.7'],
  ['https://[::1]:4000/api', '::1'],
  // The URL parser reads old spellings of addresses as browsers do; what it makes of them is what is asked.
  ['http://0x7f000001/api', '127.0.0.1'],
] as const;

test('attack takes loopback addresses in every spelling', () => {
  for (const [url, hostname] of LOOPBACK) assert.equal(parseTarget(url).hostname, hostname, url);
});

const ELSEWHERE = [
  'http://example.com/',
  'http://localhost.example.com/',
  'http://127.0.0.1.example.com/',
  'http://128.0.0.1/',
  'http://10.0.0.1/',
  'http://0.0.0.0/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://localhost./',
];

test('attack refuses every other host and says what it takes', () => {
  for (const url of ELSEWHERE) {
    assert.throws(
      () => parseTarget(url),
      (error: unknown) =>
        error instanceof LabError && error.code === 'not-loopback' && error.message.includes('loopback'),
      url,
    );
  }
});

test('attack refuses what is no http URL, and a URL with credentials', () => {
  for (const url of ['', 'localhost:4000', '/api', 'ftp://localhost/', 'file:///etc/passwd', 'http://a:b@localhost/']) {
    assert.throws(
      () => parseTarget(url),
      (error: unknown) => error instanceof LabError && error.code === 'url',
      url,
    );
  }
});

test('a target is taken apart as it goes over the wire', () => {
  assert.deepEqual(parseTarget('http://localhost:4000/api/posts?a=1&b'), {
    origin: 'http://localhost:4000',
    secure: false,
    hostname: 'localhost',
    port: 4000,
    authority: 'localhost:4000',
    path: '/api/posts',
    query: '?a=1&b',
  });
  assert.equal(parseTarget('https://localhost/').port, 443);
  assert.equal(parseTarget('http://[::1]/').authority, '[::1]');
});
