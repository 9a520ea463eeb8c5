import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import fc from 'fast-check';
import { createPages } from '../../src/gateway/page.ts';
import { fieldOf } from '../../src/gateway/fieldlist.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, HASH, navigation, pageGuard, STAMP, TAG } from './stubs.ts';

const HTML = ['Content-Type', 'text/html; charset=utf-8'];
const PAGE = '<!doctype html><html><head><title>a</title></head><body>b</body></html>';
const CHANGED = PAGE.replace('<head>', `<head>${TAG}`);

function rewriteOf(fields: readonly string[], view = navigation(), status = 200, guard = pageGuard()) {
  return createPages(guard).rewrite(view, decisionOf(guard, view), status, fields);
}

async function bodyOf(
  fields: readonly string[],
  chunks: readonly Uint8Array[],
  view = navigation(),
  guard = pageGuard(),
) {
  const transform = rewriteOf(fields, view, 200, guard)?.transform();
  assert.ok(transform, 'the page is changed');
  for (const chunk of chunks) transform.write(chunk);
  transform.end();
  return buffer(transform);
}

const CODINGS = [
  { name: 'identity', encode: (page: Buffer) => page, decode: (page: Buffer) => page },
  { name: 'gzip', encode: gzipSync, decode: gunzipSync },
  { name: 'x-gzip', encode: gzipSync, decode: gunzipSync },
  { name: 'deflate', encode: deflateSync, decode: inflateSync },
  { name: 'br', encode: brotliCompressSync, decode: brotliDecompressSync },
  { name: 'zstd', encode: zstdCompressSync, decode: zstdDecompressSync },
];

for (const { name, encode, decode } of CODINGS) {
  test(`a page in ${name} gets its tag and keeps its coding, however it is cut`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4000), { maxLength: 5 }), fc.nat(3000), async (cuts, padding) => {
        const page = PAGE.replace('b</body>', `${'lorem ipsum '.repeat(padding)}</body>`);
        const coded = encode(Buffer.from(page));
        const places = [...new Set(cuts.map((at) => at % (coded.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, index) => coded.subarray(from, places[index] ?? coded.length));
        const out = await bodyOf([...HTML, 'Content-Encoding', name], chunks);
        assert.equal(decode(out).toString(), page.replace('<head>', `<head>${TAG}`));
      }),
      { numRuns: 25 },
    );
  });

  test(`each piece of a page streamed in ${name} leaves before the next one comes`, async () => {
    const { createGzip, createDeflate, createBrotliCompress, createZstdCompress, constants } = await import(
      'node:zlib'
    );
    const { createGunzip, createInflate, createBrotliDecompress, createZstdDecompress } = await import('node:zlib');
    const { PassThrough } = await import('node:stream');
    const flush = { flush: constants.Z_SYNC_FLUSH };
    const [encoder, decoder] =
      name === 'gzip' || name === 'x-gzip'
        ? [createGzip(flush), createGunzip()]
        : name === 'deflate'
          ? [createDeflate(flush), createInflate()]
          : name === 'br'
            ? [createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH }), createBrotliDecompress()]
            : name === 'zstd'
              ? [createZstdCompress({ flush: constants.ZSTD_e_flush }), createZstdDecompress()]
              : [new PassThrough(), new PassThrough()];
    const transform = rewriteOf([...HTML, 'Content-Encoding', name])?.transform();
    assert.ok(transform);
    encoder.pipe(transform).pipe(decoder);
    let seen = '';
    decoder.on('data', (data: Buffer) => {
      seen += data.toString();
    });
    let expected = '';
    for (const piece of ['<!doctype html><html><head>', '<title>first</title>', '</head><body>second', '<p>third']) {
      expected += piece.replace('<head>', `<head>${TAG}`);
      encoder.write(piece);
      while (seen.length < expected.length) await new Promise((resolve) => decoder.once('data', resolve));
      assert.equal(seen, expected);
    }
    encoder.end();
    await new Promise((resolve) => decoder.once('end', resolve));
  });
}

test('bare deflate, which some servers send, is read as well', async () => {
  const coded = deflateRawSync(Buffer.from(PAGE));
  const out = await bodyOf([...HTML, 'Content-Encoding', 'deflate'], [coded.subarray(0, 1), coded.subarray(1)]);
  assert.equal(inflateSync(out).toString(), CHANGED);
});

test('a coded page that is broken ends as a fault, not as a page', async () => {
  const transform = rewriteOf([...HTML, 'Content-Encoding', 'gzip'])?.transform();
  assert.ok(transform);
  transform.end(Buffer.from('this is not gzip'));
  await assert.rejects(buffer(transform));
});

test('a page that swells by a thousand times passes in bounded memory', async () => {
  const coded = gzipSync(Buffer.concat([Buffer.from(PAGE), Buffer.alloc(64 * 1024 * 1024, 0x20)]));
  const transform = rewriteOf([...HTML, 'Content-Encoding', 'gzip'])?.transform();
  assert.ok(transform);
  transform.write(coded);
  await new Promise((resolve) => transform.once('readable', resolve));
  // Nobody reads: what has been unpacked stays within a few buffers.
  assert.ok(transform.readableLength < 1024 * 1024);
  transform.destroy();
});

const LEFT_ALONE: readonly {
  name: string;
  fields?: readonly string[];
  view?: ReturnType<typeof viewOf>;
  status?: number;
}[] = [
  { name: 'a part of a page', status: 206 },
  { name: 'no content', status: 204 },
  { name: 'a redirect', status: 302 },
  { name: 'a download', fields: [...HTML, 'Content-Disposition', 'attachment; filename=a.html'] },
  { name: 'XHTML', fields: ['Content-Type', 'application/xhtml+xml'] },
  { name: 'JSON', fields: ['Content-Type', 'application/json'] },
  { name: 'a coding that nobody knows', fields: [...HTML, 'Content-Encoding', 'compress'] },
  { name: 'two codings', fields: [...HTML, 'Content-Encoding', 'gzip, br'] },
  {
    name: 'a partial by fetch()',
    view: viewOf({
      target: '/part',
      headers: { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors', accept: 'text/html' },
    }),
  },
  {
    name: 'a partial by XMLHttpRequest without metadata',
    view: viewOf({ target: '/part', headers: { 'x-requested-with': 'XMLHttpRequest', accept: 'text/html' } }),
  },
  { name: 'a call without metadata', view: viewOf({ target: '/part', headers: { accept: '*/*' } }) },
];
for (const { name, fields = HTML, view = navigation(), status = 200 } of LEFT_ALONE) {
  test(`${name} is not changed`, () => {
    assert.equal(rewriteOf(fields, view, status)?.transform() ?? null, null);
  });
}

const CHANGED_TOO: readonly { name: string; view: ReturnType<typeof viewOf>; status?: number }[] = [
  { name: 'a frame', view: navigation('/', { 'sec-fetch-dest': 'iframe' }) },
  { name: 'an error page', view: navigation(), status: 404 },
  {
    name: 'a page for a browser that sends no metadata',
    view: viewOf({ target: '/', headers: { accept: 'text/html,*/*' } }),
  },
  {
    name: 'a navigation that a service worker passes on in Firefox',
    view: navigation('/', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'same-origin' }),
  },
  { name: 'a navigation that a service worker passes on', view: navigation('/', { 'sec-fetch-dest': 'empty' }) },
  {
    name: 'a prefetch',
    view: navigation('/', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'no-cors', 'sec-purpose': 'prefetch' }),
  },
  {
    name: 'what a service worker keeps',
    view: navigation('/', {
      'sec-fetch-dest': 'empty',
      'sec-fetch-mode': 'cors',
      referer: 'http://localhost:4000/sw.js?v=1',
    }),
  },
];
for (const { name, view, status = 200 } of CHANGED_TOO) {
  test(`${name} gets the tag`, async () => {
    const transform = rewriteOf(HTML, view, status)?.transform();
    assert.ok(transform);
    transform.end(PAGE);
    assert.equal((await buffer(transform)).toString(), CHANGED);
  });
}

test('HEAD gets the fields of the changed page and no body', () => {
  const view = { ...navigation(), method: 'HEAD' };
  const rewrite = rewriteOf([...HTML, 'Content-Length', '71', 'ETag', '"a"'], view);
  assert.equal(rewrite?.transform(), null);
  assert.equal(fieldOf(rewrite?.fields ?? [], 'content-length'), '');
  assert.equal(fieldOf(rewrite?.fields ?? [], 'etag'), `W/"a.${HASH}s"`);
});

test('fields that speak of the old bytes go', () => {
  const rewrite = rewriteOf([
    ...HTML,
    'Content-Length',
    '71',
    'Content-MD5',
    'x',
    'Digest',
    'y',
    'Repr-Digest',
    'z',
    'Accept-Ranges',
    'bytes',
    'X-Other',
    'stays',
  ]);
  const names = (rewrite?.fields ?? []).filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase());
  assert.deepEqual(names, ['content-type', 'x-other', 'vary']);
});

test('the tag carries the nonce of the page’s policy, and only a nonce', async () => {
  const rows = [
    { policy: "script-src 'nonce-abc123==' 'strict-dynamic'", nonce: 'abc123==' },
    { policy: "default-src 'nonce-d'; script-src 'self'", nonce: '' },
    { policy: "script-src 'nonce-s'; script-src-elem 'nonce-e'", nonce: 'e' },
    { policy: "img-src *, default-src 'nonce-second'", nonce: 'second' },
    { policy: `script-src 'nonce-"><img src=x>'`, nonce: '' },
  ];
  for (const { policy, nonce } of rows) {
    const out = await bodyOf([...HTML, 'Content-Security-Policy', policy], [Buffer.from(PAGE)]);
    const tag = nonce === '' ? TAG : TAG.replace('<script', `<script nonce="${nonce}"`);
    assert.equal(out.toString(), PAGE.replace('<head>', `<head>${tag}`), policy);
  }
});

test('P7.5 a stamp goes on pages that no shared cache keeps, and they become private', () => {
  const rows = [
    { given: 'no-cache', gets: 'private, no-cache' },
    { given: 'public, max-age=0', gets: 'private, max-age=0' },
    { given: 'private, max-age=5', gets: 'private, max-age=5' },
    { given: 'no-store', gets: 'no-store' },
    { given: 'max-age=0, s-maxage=0', gets: 'private, max-age=0' },
  ];
  for (const { given, gets } of rows) {
    const fields = rewriteOf([...HTML, 'Cache-Control', given])?.fields ?? [];
    assert.equal(fieldOf(fields, 'set-cookie'), STAMP, given);
    assert.equal(fieldOf(fields, 'cache-control'), gets);
  }
  const shared = rewriteOf([...HTML, 'Cache-Control', 'public, max-age=600'])?.fields ?? [];
  assert.equal(fieldOf(shared, 'set-cookie'), '');
  assert.equal(fieldOf(shared, 'cache-control'), 'public, max-age=600');
});

test('a page’s own cookies stay beside the stamp', () => {
  const fields =
    rewriteOf([...HTML, 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Cache-Control', 'no-store'])?.fields ?? [];
  const cookies = fields.filter((_text, index) => fields[index - 1] === 'Set-Cookie');
  assert.deepEqual(cookies, ['a=1', 'b=2', STAMP]);
});

test('validators: a browser asks with ours, the backend is asked with its own', () => {
  const pages = createPages(pageGuard());
  const asked = (tag: string, extra: Record<string, string> = {}): string[] => {
    const view = navigation('/', { 'if-none-match': tag, ...extra });
    return pages.requestFields(view, [...view.fields]);
  };
  assert.equal(fieldOf(asked(`W/"a.${HASH}s"`), 'if-none-match'), '"a"');
  assert.equal(fieldOf(asked(`W/"a,b.${HASH}w", W/"c.${HASH}s"`), 'if-none-match'), 'W/"a,b", "c"');
  assert.equal(fieldOf(asked('W/"a.ffffffffffffffffs"'), 'if-none-match'), '', 'another script: the page comes whole');
  assert.equal(fieldOf(asked('"a"'), 'if-none-match'), '', 'a page from before the gate comes whole');
  const dated = asked('"a"', { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' });
  assert.equal(fieldOf(dated, 'if-modified-since'), '');
});

test('validators: a page with a date alone gets a tag, which comes back as the date', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const tag = fieldOf(rewriteOf([...HTML, 'Last-Modified', date])?.fields ?? [], 'etag');
  assert.match(tag, /^W\/"[0-9a-z]+\.[0-9a-f]{16}m"$/);
  const view = navigation('/', { 'if-none-match': tag });
  const fields = createPages(pageGuard()).requestFields(view, [...view.fields]);
  assert.equal(fieldOf(fields, 'if-modified-since'), date);
  assert.equal(fieldOf(fields, 'if-none-match'), '');
});

test('validators: any tag a backend may give comes back as it was', () => {
  const opaque = fc.string({ unit: fc.constantFrom('a', '.', ',', '-', '!', '0', 'f', 's', '/', ' '), maxLength: 20 });
  fc.assert(
    fc.property(opaque, fc.boolean(), (text, weak) => {
      const given = `${weak ? 'W/' : ''}"${text}"`;
      const tag = fieldOf(rewriteOf([...HTML, 'ETag', given])?.fields ?? [], 'etag');
      const view = navigation('/', { 'if-none-match': tag });
      assert.equal(fieldOf(createPages(pageGuard()).requestFields(view, [...view.fields]), 'if-none-match'), given);
    }),
  );
});

test('validators: a 304 for our page carries our tag and a fresh stamp; for another answer it is left alone', () => {
  const tag = `W/"a.${HASH}s"`;
  const ours = rewriteOf(['ETag', '"a"', 'Cache-Control', 'no-cache'], navigation('/', { 'if-none-match': tag }), 304);
  assert.equal(fieldOf(ours?.fields ?? [], 'etag'), tag);
  assert.equal(fieldOf(ours?.fields ?? [], 'set-cookie'), STAMP);
  assert.equal(ours?.transform(), null);
  const other = viewOf({ target: '/a.png', headers: { 'sec-fetch-dest': 'image', 'if-none-match': '"a"' } });
  assert.equal(rewriteOf(['ETag', '"a"'], other, 304), null);
});

test('validators: code that fetches what the browser holds as a page gets it whole', () => {
  const view = viewOf({
    target: '/',
    headers: { 'sec-fetch-dest': 'empty', 'if-none-match': `W/"a.${HASH}s"`, 'if-modified-since': 'x' },
  });
  assert.deepEqual(
    createPages(pageGuard()).requestFields(view, [
      'If-None-Match',
      `W/"a.${HASH}s"`,
      'If-Modified-Since',
      'x',
      'A',
      'b',
    ]),
    ['A', 'b'],
  );
  const image = viewOf({ target: '/a.png', headers: { 'sec-fetch-dest': 'image', 'if-none-match': '"a"' } });
  const fields = ['If-None-Match', '"a"'];
  assert.equal(createPages(pageGuard()).requestFields(image, fields), fields);
});

test('documents are asked for in codings that can be read, other requests as the browser asks', () => {
  const pages = createPages(pageGuard());
  const asked = (given: string): string =>
    fieldOf(pages.requestFields(navigation(), ['Accept-Encoding', given]), 'accept-encoding');
  assert.equal(asked('gzip, deflate, br, zstd, dcb'), 'gzip, deflate, br, zstd');
  assert.equal(asked('compress, *;q=0.1'), 'identity');
  assert.equal(asked('br;q=0.5, gzip'), 'br;q=0.5, gzip');
  const image = viewOf({ target: '/a.png', headers: { 'sec-fetch-dest': 'image' } });
  assert.deepEqual(pages.requestFields(image, ['Accept-Encoding', 'compress']), ['Accept-Encoding', 'compress']);
});

test('a range resumes no page of ours', () => {
  const view = navigation('/', {});
  const fields = createPages(pageGuard()).requestFields(view, ['Range', 'bytes=5-', 'If-Range', `W/"a.${HASH}s"`]);
  assert.equal(fieldOf(fields, 'range'), '');
  const foreign = createPages(pageGuard()).requestFields(view, ['Range', 'bytes=5-', 'If-Range', '"file"']);
  assert.equal(fieldOf(foreign, 'range'), 'bytes=5-', 'downloads by navigation go on');
});

test('HTML varies by what it is fetched for, so that caches do not hand one to the other', () => {
  const fetched = viewOf({ target: '/', headers: { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' } });
  assert.equal(fieldOf(rewriteOf(HTML, fetched)?.fields ?? [], 'vary'), 'Sec-Fetch-Dest');
  assert.equal(
    fieldOf(rewriteOf([...HTML, 'Vary', 'Accept-Encoding'])?.fields ?? [], 'vary'),
    'Accept-Encoding, Sec-Fetch-Dest',
  );
});

test('a page that answers nothing is left empty', () => {
  assert.equal(rewriteOf([...HTML, 'Content-Length', '0'])?.transform(), null);
});

test('a page without a type, which browsers sniff, gets the tag where it is surely one; nothing else does', async () => {
  const guard = pageGuard({ mode: 'enforce' });
  assert.equal((await bodyOf(['Server', 'x'], [Buffer.from(PAGE)], navigation(), guard)).toString(), CHANGED);
  for (const other of ['{"a":1}', '<p>part', 'GIF89a', '<svg xmlns="x">']) {
    assert.equal((await bodyOf([], [Buffer.from(other)], navigation(), guard)).toString(), other);
  }
  assert.equal(fieldOf(rewriteOf([], navigation(), 200, guard)?.fields ?? [], 'x-content-type-options'), '');
  const image = rewriteOf(['Content-Type', 'image/svg+xml']);
  assert.equal(image, null);
});

test('a 304 varies as the page does, so that caches keep telling them apart', () => {
  const view = navigation('/', { 'if-none-match': `W/"a.${HASH}s"` });
  assert.equal(
    fieldOf(rewriteOf(['ETag', '"a"', 'Vary', 'Cookie'], view, 304)?.fields ?? [], 'vary'),
    'Cookie, Sec-Fetch-Dest',
  );
});
