import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compilePolicy } from '../../src/guard/compile.ts';
import { createPageIds } from '../../src/guard/page-ids.ts';
import { compileServed } from '../../src/guard/served.ts';

const ROUTE = {
  match: 'GET /api/posts/:id',
  served: { from: 'GET /api/posts', at: '$[*].id', pages: ['/posts/:id', '/u/:name/p/:id'] },
};
const policy = compilePolicy({ routes: [{ match: 'GET /api/posts' }, ROUTE] });
const [rule] = compileServed(ROUTE);
assert.ok(rule !== undefined);

function idsIn(html: string, wanted: readonly string[], size = html.length + 1): string[] {
  const pages = createPageIds(() => policy);
  const read = pages.reader('load', '');
  const bytes = Buffer.from(html);
  for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
  return wanted.filter((id) => pages.has('load', rule as NonNullable<typeof rule>, id));
}

test('R65 a page’s HTML gives the ids in its addresses, in attributes and in JSON, however it is written', () => {
  const html = `<a href="/posts/7">x</a><form action='/posts/8?x=1'><a href=/posts/9#top>
    <script>{"url":"\\/posts\\/10","own":"https://app.example/posts/a%20b"}</script>
    <a href="/u/ada/p/11&amp;x">y</a><img src="/posts/ä.png"><a href="/post/12">`;
  const all = ['7', '8', '9', '10', 'a b', '11', 'ä.png', '12', 'ada', 'posts'];
  assert.deepEqual(idsIn(html, all), ['7', '8', '9', '10', 'a b', '11', 'ä.png']);
});

test('R65 ids are the same however the page is cut, and one that is cut off is not given', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.constantFrom<string>('7', '71', 'ab', 'é')),
      (size, ids) => {
        const html = ids.map((id) => `<li><a href="/posts/${id}">${id}</a>`).join('\n');
        assert.deepEqual(
          idsIn(html, ['7', '71', 'ab', 'é', 'a'], size),
          ['7', '71', 'ab', 'é'].filter((id) => ids.includes(id)),
        );
      },
    ),
  );
  assert.deepEqual(idsIn('<a href="/posts/123', ['1', '12', '123']), []);
});

test('R65 a load of the page knows its own ids and those of the one before, no other’s; loads and ids are bounded', () => {
  const pages = createPageIds(() => policy);
  const give = (load: string, before: string, id: string) =>
    pages.reader(load, before)(Buffer.from(`<a href="/posts/${id}">`));
  give('one', '', '1');
  give('two', 'one', '2');
  give('other', '', '3');
  const known = (load: string) => ['1', '2', '3'].filter((id) => pages.has(load, rule as NonNullable<typeof rule>, id));
  assert.deepEqual([known('one'), known('two'), known('other'), known('')], [[], ['1', '2'], ['3'], []]);
  for (let i = 0; i < 5000; i++) pages.reader(`load ${i}`, '');
  assert.deepEqual(known('two'), []);
  const many = Array.from({ length: 2000 }, (_, id) => `<a href="/posts/n${id}">`).join('');
  assert.deepEqual(idsIn(many, ['n0', 'n511', 'n512', 'n1999']), ['n0', 'n511']);
  assert.equal(createPageIds(() => compilePolicy({})).isAsked, false);
});
