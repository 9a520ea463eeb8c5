import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPages } from '../../src/gateway/page.ts';
import { createPreloadFilter, keepLinks } from '../../src/gateway/preload.ts';
import { decisionOf, navigation, pageGuard } from './stubs.ts';

const isCovered = (reference: string): boolean => reference.startsWith('/api/');

function filter(page: string, cuts: readonly number[] = []): string {
  const pieces = createPreloadFilter(isCovered, true);
  const bytes = Buffer.from(page, 'latin1');
  const places = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  const out = [0, ...places].flatMap((from, index) =>
    pieces.write(bytes.subarray(from, places[index] ?? bytes.length)),
  );
  return Buffer.concat([...out, ...pieces.end()]).toString('latin1');
}

const blank = (text: string): string => ' '.repeat(text.length);

const COVERED = '<link rel="preload" href="/api/posts" as="fetch" crossorigin>';
const ROWS: readonly { name: string; page: string; removed?: string }[] = [
  { name: 'a preload of a covered route', page: `<title>a</title>${COVERED}<body>`, removed: COVERED },
  {
    name: 'one in another spelling',
    page: "<LINK as=fetch REL='x Preload' href=/api/posts><p>",
    removed: "<LINK as=fetch REL='x Preload' href=/api/posts>",
  },
  { name: 'a preload of something open', page: '<link rel=preload href=/a.css as=style>' },
  { name: 'a stylesheet', page: '<link rel=stylesheet href=/api/a.css>' },
  { name: 'text in a script', page: `<script>x='${COVERED}'</script>${COVERED}`, removed: COVERED },
  { name: 'a comment', page: `<!-- ${COVERED} -->` },
  { name: 'the empty comment', page: `<!-->${COVERED}`, removed: COVERED },
  { name: 'text in a title', page: `<title>${COVERED}</title>` },
  { name: 'a link behind the head', page: `<body>${COVERED}` },
  {
    name: 'a script with a comment in it ends the search',
    page: `<script><!-- <script> </script> --></script>${COVERED}`,
  },
  { name: 'a tag that does not end', page: '<link rel=preload href=/api/posts' },
];
for (const { name, page, removed = '' } of ROWS) {
  test(`preloads: ${name}`, () => {
    const expected =
      removed === ''
        ? page
        : page.slice(0, page.lastIndexOf(removed)) +
          page.slice(page.lastIndexOf(removed)).replace(removed, blank(removed));
    assert.equal(filter(page), expected);
    assert.equal(
      filter(
        page,
        [...page].map((_unit, index) => index),
      ),
      expected,
      'byte by byte',
    );
  });
}

const PIECES = fc.constantFrom(
  COVERED,
  '<title>a</title>',
  '<script>',
  '</script>',
  '<!--',
  '-->',
  '<style>',
  '</style>',
  '<link rel=preload href=/x>',
  '<meta a=">">',
  ' ',
  'x',
  '<',
  '</',
  '<body>',
  '<link ',
  '>',
  '"',
);

test('preloads: however a page is cut the result is the same, and of the same length', () => {
  fc.assert(
    fc.property(fc.array(PIECES, { maxLength: 12 }), fc.array(fc.nat(500), { maxLength: 8 }), (parts, cuts) => {
      const page = parts.join('');
      const whole = filter(page);
      assert.equal(filter(page, cuts), whole);
      assert.equal(whole.length, page.length);
    }),
    { numRuns: 2000 },
  );
});

test('preloads: the end of the search lies at one place, however a page is cut', () => {
  const padding = fc.integer({ min: 65_300, max: 65_700 }).map((length) => `<!--${'x'.repeat(length - 7)}-->`);
  const long = fc
    .integer({ min: 1900, max: 2200 })
    .map((length) => COVERED.replace('crossorigin', `data-a="${'y'.repeat(length)}"`));
  fc.assert(
    fc.property(fc.oneof(padding, long), fc.array(fc.nat(70_000), { maxLength: 6 }), (first, cuts) => {
      const page = `${first}${COVERED}<body>`;
      assert.equal(filter(page, cuts), filter(page));
    }),
    { numRuns: 300 },
  );
});

test('preloads: nothing is held but a tag that has not ended', () => {
  const pieces = createPreloadFilter(isCovered, true);
  const left = (text: string): string => Buffer.concat(pieces.write(Buffer.from(text))).toString();
  assert.equal(left('<title>a long ti'), '<title>a long ti');
  assert.equal(left('tle</ti'), 'tle');
  assert.equal(left('tle> <link rel=pre'), '</title> ');
  assert.equal(left(`${'x'.repeat(3000)}`), `<link rel=pre${'x'.repeat(3000)}`, 'a tag longer than any real one');
});

test('preloads: Link fields lose covered preloads and nothing else', () => {
  const guard = pageGuard();
  const view = navigation();
  const json = ['Content-Type', 'application/json'];
  const left = (link: string): readonly string[] | null =>
    createPages(guard).rewrite(view, decisionOf(guard, view), 200, ['Link', link, ...json])?.fields ?? null;
  assert.deepEqual(
    left('</api/posts>; rel=preload; as=fetch, </a,b.css>; rel="preload"; title="a, b", </api/x>; rel=next'),
    ['Link', '</a,b.css>; rel="preload"; title="a, b", </api/x>; rel=next', ...json],
  );
  assert.deepEqual(
    left('<http://localhost:4000/API//posts>; rel=preload'),
    json,
    'an alias of a covered path is covered',
  );
  assert.equal(left('<https://cdn.example/api/posts>; rel=preload'), null);
});

test('a Link field full of beginnings is read once, not once for each of them', () => {
  const quickest = (length: number): number => {
    const fields = ['Link', `</api/posts>; rel=preload, ${'<a, "b\\" '.repeat(length / 10)}`];
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      keepLinks(fields, isCovered);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  quickest(4_000);
  // Twenty times as long: linear work takes about twenty times as long, quadratic four hundred.
  assert.ok(quickest(80_000) < 120 * Math.max(quickest(4_000), 0.02));
});

test('links part at commas outside <…> and quotes, also where one of those does not end', () => {
  const left = (value: string): string[] | null => keepLinks(['Link', value], isCovered);
  assert.deepEqual(left('</api/a,b>; rel=preload; title="x, y", </c>; rel=next'), ['Link', '</c>; rel=next']);
  assert.deepEqual(left('</c>; rel=next, </api/a>; rel=preload; title="x'), ['Link', '</c>; rel=next']);
  assert.deepEqual(left('</api/a>; title="\\", x"; rel=preload, </c'), ['Link', '</c']);
});
