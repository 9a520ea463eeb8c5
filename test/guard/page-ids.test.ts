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
  assert.deepEqual([known('one'), known('two'), known('other'), known('')], [['1', '2'], ['1', '2'], ['3'], []]);
  for (let i = 0; i < 5000; i++) pages.reader(`load ${i}`, '')(Buffer.from('<a href="/about">'));
  assert.deepEqual(known('two'), ['1', '2'], 'loads that give nothing displace none');
  for (let i = 0; i < 5000; i++) give(`load ${i}`, '', '1');
  assert.deepEqual(known('two'), []);
  const many = Array.from({ length: 2000 }, (_, id) => `<a href="/posts/n${id}">`).join('');
  assert.deepEqual(idsIn(many, ['n0', 'n511', 'n512', 'n1999']), ['n0', 'n511']);
  assert.equal(createPageIds(() => compilePolicy({})).isAsked, false);
});

test('R65 whoever leafs through many lists has the ids of the latest, and the first page’s are forgotten first', () => {
  const pages = createPageIds(() => policy);
  const rows = (page: number) => Array.from({ length: 50 }, (_, row) => `<a href="/posts/${page}-${row}">`).join('');
  for (let page = 1; page <= 30; page++) pages.reader(`load ${page}`, `load ${page - 1}`)(Buffer.from(rows(page)));
  const has = (id: string) => pages.has('load 30', rule as NonNullable<typeof rule>, id);
  assert.deepEqual(['30-0', '30-49', '21-0', '20-0', '1-0'].map(has), [true, true, true, false, false]);
});

test('R65 pages that are opened side by side give their ids to one another: the cookie names whichever was answered last', () => {
  const pages = createPageIds(() => policy);
  const open = (load: string, before: string, id: string) =>
    pages.reader(load, before)(Buffer.from(`<a href="/posts/${id}">`));
  const has = (load: string, id: string) => pages.has(load, rule as NonNullable<typeof rule>, id);
  open('list', '', '1');
  for (let tab = 2; tab < 32; tab++) open(`tab ${tab}`, 'list', `${tab}`);
  for (const last of ['tab 2', 'tab 12', 'tab 31']) {
    const known = ['1', '2', '12', '31'].filter((id) => has(last, id));
    assert.deepEqual(known, ['1', '2', '12', '31'], last);
  }
  for (let tab = 1; tab <= 3; tab++) open(`from home ${tab}`, 'a page without ids', `${tab}`);
  assert.equal(has('from home 3', '1'), true, 'also where the page before gave none');
  assert.equal(has('from home 3', '31'), false, 'and nobody else’s');
  for (let load = 0; load < 40; load++) open(`later ${load}`, load === 0 ? 'tab 31' : `later ${load - 1}`, '5');
  assert.deepEqual(
    [has('later 39', '2'), has('list', '1')],
    [true, false],
    'a stamp of long ago names nothing any more',
  );
});

test('R65 guards beside each other know the same of a page, whichever of them gave it', () => {
  const there = createPageIds(() => policy);
  const here = createPageIds(() => policy, there.learn);
  for (let page = 1; page <= 30; page++) {
    const read = here.reader(`load ${page}`, `load ${page - 1}`);
    const isEmpty = page % 3 === 0;
    for (let row = 0; row < 50; row++) read(Buffer.from(isEmpty ? '<p>' : `<a href="/posts/${page}-${row}">`));
  }
  const ids = Array.from({ length: 1500 }, (_, at) => `${1 + Math.floor(at / 50)}-${at % 50}`);
  const known = (pages: typeof here) => ids.filter((id) => pages.has('load 30', rule as NonNullable<typeof rule>, id));
  assert.equal(known(here).length, 512);
  assert.deepEqual(known(there), known(here));
});
