import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCoverage } from '../../src/browser/coverage.ts';
import { REMEDIES } from '../../src/browser/chunks/refused.ts';
import { hmac, sha256 } from '../../src/browser/hmac.ts';
import { createHash, createHmac } from 'node:crypto';
import { createParser } from '../../src/browser/chunks/events.ts';
import { CODES } from '../../src/wire/codes.ts';
import { pathTrouble } from '../../src/wire/fold.ts';
import { toPageConfig } from '../../src/wire/page-config.ts';
import { compileCoverage, type ScriptConfig } from '../../src/wire/script-config.ts';

const GATE = 'https://app.example';

const segment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'api',
      'API',
      'a.b',
      'posts',
      'Posts',
      'x+y',
      '',
      '%61pi',
      'a;b=c',
      'ü',
      '(1)',
      '*',
      '$',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);
const path = fc.array(segment, { maxLength: 5 }).map((segments) => new URL(`${GATE}/${segments.join('/')}`).pathname);
const pattern = fc
  .tuple(
    fc.array(fc.constantFrom('api', 'posts', ':id', '*', 'a*b', '*.b', 'x+y', '(1)', 'A.b'), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.constantFrom('', '/**'),
  )
  .map(([segments, rest]) => `/${segments.join('/')}${rest}`);
const config: fc.Arbitrary<ScriptConfig> = fc.record({
  mount: fc.constant('/_sallyport'),
  client: fc.constant('default'),
  protect: fc.array(pattern, { maxLength: 3 }),
  open: fc.array(pattern, { maxLength: 2 }),
  origins: fc.constant(['https://api.example']),
  whole: fc.constant(1),
  slice: fc.constant(1),
  routes: fc.array(
    fc.record({ match: fc.tuple(fc.constantFrom('', 'GET ', 'POST '), pattern).map((both) => both.join('')) }),
    { maxLength: 3 },
  ),
  chunks: fc.constant(''),
});

test('the script covers what the wire says is covered, on every path that the server takes', () => {
  fc.assert(
    fc.property(
      config,
      path,
      fc.constantFrom('GET', 'HEAD', 'POST'),
      fc.constantFrom(GATE, 'https://api.example', 'https://other.example'),
      (given, pathname, method, origin) => {
        fc.pre(pathTrouble(pathname) === '');
        const url = { origin, pathname };
        const ours = createCoverage(toPageConfig(given), GATE)(method, url);
        const theirs = compileCoverage(given, GATE)(method, url);
        assert.equal(ours === null, theirs === null);
        const named = given.routes.find((route) => route.match === theirs?.match);
        if (named !== undefined) assert.deepEqual(ours, toPageConfig({ ...given, routes: [named] }).routes[0]);
      },
    ),
    { numRuns: 3000 },
  );
});

test('the script’s remedies are those of the table of codes', () => {
  for (const [code, row] of Object.entries(CODES)) {
    assert.equal(Reflect.get(REMEDIES, code) ?? 'none', row.remedy, code);
  }
});

test('SHA-256 and HMAC without awaiting are those of the standard', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (message, key) => {
      assert.deepEqual(Buffer.from(sha256(message)), createHash('sha256').update(message).digest());
      assert.deepEqual(Buffer.from(hmac(key, message)), createHmac('sha256', key).update(message).digest());
    }),
  );
});

test('an event stream means the same wherever it is cut', () => {
  const line = fc.constantFrom(
    'data: a',
    'data:b',
    'data',
    'event: x',
    'id: 1',
    'id',
    ': c',
    'retry: 10',
    'other: y',
    '',
    '',
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 20 })
    .map((lines) => lines.flat().join(''));
  const read = (pieces: readonly string[]) => {
    const seen: string[] = [];
    const state = { retry: 3000, lastId: '' };
    const take = createParser(state, (type, data) => seen.push(`${type}|${data}|${state.lastId}`));
    for (const piece of pieces) take(piece);
    return { seen, state };
  };
  fc.assert(fc.property(stream, (text) => assert.deepEqual(read([...text]), read([text]))));
  assert.deepEqual(read(['event: x\r\ndata: one\rdata: two\nid: 7\n\ndata: three']).seen, ['x|one\ntwo|7']);
});
