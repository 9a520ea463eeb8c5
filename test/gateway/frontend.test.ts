import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { fieldOf } from '../../src/gateway/fieldlist.ts';
import { createFrontend } from '../../src/gateway/frontend.ts';
import { createPages } from '../../src/gateway/page.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, HASH, navigation, pageGuard, STAMP, TAG } from './stubs.ts';

const PAGE = '<!doctype html><html><head><title>app</title></head></html>';
const CODE = `console.log(${'"a long line",'.repeat(100)}1)`;
const base = mkdtempSync(join(tmpdir(), 'frontend-'));
after(() => rmSync(base, { recursive: true, force: true }));

const root = join(base, 'dist');
function put(name: string, content: string | Uint8Array): void {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}
put('index.html', PAGE);
put('about.html', PAGE.replace('app', 'about'));
put('docs/index.html', PAGE.replace('app', 'docs'));
put('assets/app.js', CODE);
put('assets/app.js.br', brotliCompressSync(CODE));
put('assets/app.js.gz', gzipSync(CODE));
put('assets/plain.css', 'a{}');
put('clip.mp4', Buffer.alloc(1000, 7));
put('empty.txt', '');
put('with space & ü.txt', 'found');
put('.env', 'SECRET=1');
put('.git/config', 'secret');
put('.well-known/security.txt', 'Contact: x');
put('.well-known/.hidden', 'secret');
writeFileSync(join(base, 'outside.txt'), 'secret');
symlinkSync(join(base, 'outside.txt'), join(root, 'leak.txt'));
symlinkSync(base, join(root, 'up'));
symlinkSync(join(root, 'assets/plain.css'), join(root, 'linked.css'));

const guard = pageGuard();
const frontend = createFrontend(root, createPages(guard));

async function get(view: RequestView) {
  const answer = await frontend.handle(view, decisionOf(guard, view));
  const body = answer.body === null ? Buffer.alloc(0) : await buffer(answer.body);
  return { status: answer.status, fields: answer.fields, body, field: (name: string) => fieldOf(answer.fields, name) };
}

const asset = (target: string, headers: Record<string, string> = {}): RequestView =>
  viewOf({ target, headers: { accept: '*/*', 'sec-fetch-dest': 'script', 'sec-fetch-mode': 'no-cors', ...headers } });

test('a page is served with its tag, its stamp and a tag of its own', async () => {
  const answer = await get(navigation('/'));
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString(), PAGE.replace('<head>', `<head>${TAG}`));
  assert.equal(answer.field('content-type'), 'text/html; charset=utf-8');
  assert.equal(answer.field('set-cookie'), STAMP);
  assert.equal(answer.field('cache-control'), 'private, no-cache');
  assert.match(answer.field('etag'), new RegExp(`^W/".*\\.${HASH}w"$`));
  assert.equal(answer.field('content-length'), '');
});

test('a page that the browser has is 304; with another script it is not', async () => {
  const first = await get(navigation('/'));
  const again = await get(navigation('/', { 'if-none-match': first.field('etag') }));
  assert.equal(again.status, 304);
  assert.equal(again.field('etag'), first.field('etag'));
  const old = first.field('etag').replace(HASH, 'f'.repeat(16));
  assert.equal((await get(navigation('/', { 'if-none-match': old }))).status, 200);
  const unchanged = first.field('etag').replace(`.${HASH}w`, '');
  assert.equal((await get(navigation('/', { 'if-none-match': unchanged }))).status, 200, 'a page from before the gate');
});

const PAGES: readonly { target: string; title: string }[] = [
  { target: '/', title: 'app' },
  { target: '/index.html', title: 'app' },
  { target: '/about', title: 'about' },
  { target: '/docs/', title: 'docs' },
  { target: '/user/42?tab=1', title: 'app' },
  { target: '/user/john.doe', title: 'app' },
];
for (const { target, title } of PAGES) {
  test(`opening ${target} shows the page “${title}”`, async () => {
    const answer = await get(navigation(target));
    assert.equal(answer.status, 200);
    assert.match(answer.body.toString(), new RegExp(`<title>${title}</title>`));
  });
}

test('the fallback is for navigations only: a missing asset or call is missing', async () => {
  for (const view of [
    asset('/assets/gone.js'),
    viewOf({ target: '/data/x', headers: { accept: '*/*', 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' } }),
    viewOf({ target: '/data/x', headers: { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' } }),
    viewOf({ target: '/data/x', headers: { accept: 'application/json' } }),
  ]) {
    const answer = await get(view);
    assert.equal(answer.status, 404);
    assert.equal(answer.field('content-type'), 'text/plain; charset=utf-8');
  }
});

test('a folder without its slash is redirected, and never to another site', async () => {
  const answer = await get(navigation('/docs?a=b'));
  assert.equal(answer.status, 301);
  assert.equal(answer.field('location'), '/docs/?a=b');
  const tricky = await get(navigation('//docs'));
  assert.ok(tricky.status !== 301 || !tricky.field('location').startsWith('//'));
});

test('precompressed forms are used where the browser takes them, and told apart by caches', async () => {
  const rows = [
    { accept: 'gzip, deflate, br', coding: 'br' },
    { accept: 'gzip', coding: 'gzip' },
    { accept: 'br;q=0, gzip;q=0.5', coding: 'gzip' },
    { accept: 'zstd', coding: '' },
    { accept: '', coding: '' },
  ];
  for (const { accept, coding } of rows) {
    const answer = await get(asset('/assets/app.js', { 'accept-encoding': accept }));
    assert.equal(answer.status, 200);
    assert.equal(answer.field('content-encoding'), coding, accept);
    assert.equal(answer.field('content-type'), 'application/javascript; charset=utf-8');
    assert.equal(answer.field('content-length'), String(answer.body.length));
    if (accept !== '') assert.equal(answer.field('vary'), 'Accept-Encoding');
    if (coding === 'br') assert.equal(brotliDecompressSync(answer.body).toString(), CODE);
  }
});

test('a worker script from the folder gets the page’s script in front, whatever its form', async () => {
  const view = viewOf({
    target: '/assets/app.js',
    headers: { 'accept-encoding': 'br', 'sec-fetch-dest': 'worker', 'sec-fetch-mode': 'same-origin' },
  });
  const answer = await get(view);
  assert.equal(brotliDecompressSync(answer.body).toString(), `${guard.workerScript?.text}\n;${CODE}`);
});

test('P7.1 media are served in ranges', async () => {
  const media = { 'sec-fetch-dest': 'video' };
  const part = await get(asset('/clip.mp4', { ...media, range: 'bytes=10-19' }));
  assert.equal(part.status, 206);
  assert.equal(part.field('content-range'), 'bytes 10-19/1000');
  assert.equal(part.body.length, 10);
  const beyond = await get(asset('/clip.mp4', { ...media, range: 'bytes=5000-' }));
  assert.equal(beyond.status, 416);
  assert.equal(beyond.field('content-range'), 'bytes */1000');
  const whole = await get(asset('/clip.mp4', media));
  assert.equal(whole.field('accept-ranges'), 'bytes');
  assert.equal(whole.body.length, 1000);
});

test('conditions, HEAD, empty files and names with signs in them', async () => {
  const first = await get(asset('/assets/plain.css'));
  assert.equal((await get(asset('/assets/plain.css', { 'if-none-match': first.field('etag') }))).status, 304);
  assert.equal(
    (await get(asset('/assets/plain.css', { 'if-modified-since': first.field('last-modified') }))).status,
    304,
  );
  const head = await get({ ...asset('/clip.mp4'), method: 'HEAD' });
  assert.equal(head.field('content-length'), '1000');
  assert.equal(head.body.length, 0);
  assert.equal((await get(asset('/empty.txt'))).body.length, 0);
  assert.equal((await get(asset('/with%20space%20&%20%C3%BC.txt'))).body.toString(), 'found');
  assert.equal((await get(asset('/linked.css'))).body.toString(), 'a{}');
  assert.equal((await get(asset('/.well-known/security.txt'))).body.toString(), 'Contact: x');
  assert.equal((await get({ ...asset('/'), method: 'POST' })).status, 405);
});

const ESCAPES = [
  '/.env',
  '/.git/config',
  '/.well-known/.hidden',
  '/leak.txt',
  '/up/outside.txt',
  '/up/dist/assets/plain.css',
  '/../outside.txt',
  '/%2e%2e/outside.txt',
  '/..%2foutside.txt',
  '/assets/..%5c..%5coutside.txt',
  '/assets/../../outside.txt',
  '/%00',
  '/assets/app.js%00.png',
  '/%ff',
  '/\\..\\outside.txt',
  '//etc/passwd',
  '/%2fetc/passwd',
  '/%252e%252e/outside.txt',
  '/./.env',
  '/assets/%2E%2E/.env',
];
for (const target of ESCAPES) {
  test(`nothing outside or hidden is served at ${target}`, async () => {
    for (const view of [asset(target), navigation(target)]) {
      const answer = await get(view);
      assert.doesNotMatch(answer.body.toString(), /secret|SECRET|root:/);
      if (view.headers.secFetchMode !== 'navigate')
        assert.ok(answer.status === 404 || target.includes('up/dist'), String(answer.status));
    }
  });
}

test('whatever path is asked, nothing from outside is served and nothing is thrown', async () => {
  const part = fc.constantFrom(
    '/',
    '..',
    '.',
    '%2e',
    '%2f',
    '%5c',
    'outside.txt',
    'assets',
    'up',
    '.env',
    '\\',
    '%00',
    ';',
    'a',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const answer = await get(asset(`/${parts.join('')}`));
      assert.doesNotMatch(answer.body.toString(), /secret|SECRET/);
      assert.ok(answer.status < 500);
    }),
    { numRuns: 500 },
  );
});

test('the folder takes what no row of the policy names, and no writes or upgrades', () => {
  const takes = (view: RequestView): boolean => frontend.takes(view, decisionOf(guard, view));
  assert.equal(takes(navigation('/')), true);
  assert.equal(takes(viewOf({ target: '/api/posts' })), false);
  assert.equal(takes(viewOf({ target: '/login', method: 'POST' })), false);
  assert.equal(takes(viewOf({ target: '/socket', headers: { upgrade: 'websocket' } })), false);
});

test('the folder takes what the preset strict leaves open, and nothing that a row names', () => {
  const strict = pageGuard({
    protect: ['/**'],
    open: ['/hook'],
    routes: [{ match: '/api/**' }, { match: 'GET /**', level: 'open' }],
  });
  const folder = createFrontend(root, createPages(strict));
  const takes = (target: string): boolean => folder.takes(viewOf({ target }), decisionOf(strict, viewOf({ target })));
  assert.deepEqual([takes('/about'), takes('/api/posts'), takes('/hook')], [true, false, false]);
});

test('a folder that does not exist is said at once', () => {
  assert.throws(() => createFrontend(join(base, 'gone'), createPages(guard)), { code: 'ENOENT' });
});
