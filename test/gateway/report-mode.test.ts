import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { type RunningPosts, startGuardedPosts, startPosts } from '../../examples/posts/fixture.ts';
import { startGate } from '../../src/gateway/index.ts';
import { REPORT_CHANGES, REPORT_REFUSES, type ReportChange } from '../../src/gateway/report-mode.ts';
import { startBackend } from './support.ts';

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Got {
  readonly status: number;
  readonly message: string;
  /** Values by lower-case name, in the order they came, each with its spelling. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** One exchange on a connection of its own. An event stream is read as far as its first chunk. */
function send(url: string, { method = 'GET', path, headers = {}, body = '' }: Sent): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
    const got = (text: string): Got => ({
      status: answer.statusCode ?? 0,
      message: answer.statusMessage ?? '',
      fields: byName(answer.rawHeaders),
      body: text,
    });
    let text = '';
    answer.setEncoding('latin1');
    answer.on('data', (chunk) => {
      text += String(chunk);
      if (!(answer.headers['content-type'] ?? '').startsWith('text/event-stream')) return;
      resolve(got(text));
      asked.destroy();
    });
    answer.on('end', () => resolve(got(text)));
    answer.on('error', reject);
  });
  asked.on('error', reject);
  asked.end(body);
  return promise;
}

function byName(raw: readonly string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? '';
    fields.set(name, [...(fields.get(name) ?? []), `${raw[i]}: ${raw[i + 1]}`]);
  }
  return fields;
}

function differing(
  bare: ReadonlyMap<string, readonly string[]>,
  gated: ReadonlyMap<string, readonly string[]>,
): string[] {
  const names = new Set([...bare.keys(), ...gated.keys()]);
  return [...names].filter((name) => JSON.stringify(bare.get(name)) !== JSON.stringify(gated.get(name)));
}

const allows = ({ fields }: ReportChange, name: string): boolean =>
  fields.some((field) => (field.endsWith('*') ? name.startsWith(field.slice(0, -1)) : field === name));

const allowed = (kinds: readonly ReportChange['of'][], name: string): boolean =>
  REPORT_CHANGES.some((change) => kinds.includes(change.of) && allows(change, name));

const OTHER_SITE = 'https://other.example';
const LISTED = 'https://listed.example';

const NAVIGATION = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'none',
};
const CALL = {
  'User-Agent': NAVIGATION['User-Agent'],
  Accept: '*/*',
  'Sec-Fetch-Dest': 'empty',
  'Sec-Fetch-Mode': 'cors',
  'Sec-Fetch-Site': 'same-origin',
};
const CROSS = { ...CALL, 'Sec-Fetch-Site': 'cross-site', Origin: OTHER_SITE };
const IMAGE = { ...CALL, Accept: 'image/*', 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Mode': 'no-cors' };
const JSON_BODY = { 'Content-Type': 'application/json', 'Content-Length': '27' };
const POST = { method: 'POST', path: '/api/posts', body: '{"title":"a","text":"bread"}'.slice(0, 28) };
const PREFLIGHT = {
  method: 'OPTIONS',
  path: '/api/posts',
  headers: { Origin: OTHER_SITE, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-a' },
};

interface Row extends Sent {
  readonly name: string;
  readonly kind: 'page' | 'call' | 'preflight' | 'other';
}

const withLength = (headers: Readonly<Record<string, string>>): Record<string, string> => ({
  ...headers,
  ...JSON_BODY,
  'Content-Length': String(POST.body.length),
});

/** `ASSET` and `ETAG` stand for what the page names; both apps are built from one folder. */
const ROWS: readonly Row[] = [
  { name: 'the page, as a browser opens it', kind: 'page', path: '/', headers: NAVIGATION },
  { name: 'the page, by a program', kind: 'page', path: '/' },
  { name: 'the page, fetched by code', kind: 'page', path: '/', headers: CALL },
  { name: 'the page’s head', kind: 'page', method: 'HEAD', path: '/', headers: NAVIGATION },
  { name: 'a part of the page', kind: 'page', path: '/', headers: { ...NAVIGATION, Range: 'bytes=0-20' } },
  { name: 'a page that is not there', kind: 'page', path: '/nothing', headers: NAVIGATION },
  { name: 'nothing, by a program', kind: 'page', path: '/nothing' },
  { name: 'a redirect', kind: 'page', path: '/assets', headers: NAVIGATION },
  { name: 'an asset', kind: 'other', path: 'ASSET', headers: { ...CALL, 'Sec-Fetch-Dest': 'script' } },
  { name: 'an asset’s head', kind: 'other', method: 'HEAD', path: 'ASSET' },
  { name: 'a part of an asset', kind: 'other', path: 'ASSET', headers: { Range: 'bytes=5-40' } },
  { name: 'a part that an asset does not have', kind: 'page', path: 'ASSET', headers: { Range: 'bytes=99999999-' } },
  { name: 'an asset that has not changed', kind: 'other', path: 'ASSET', headers: { 'If-None-Match': 'ETAG' } },
  { name: 'an asset for another site', kind: 'other', path: 'ASSET', headers: CROSS },
  { name: 'the list', kind: 'call', path: '/api/posts', headers: CALL },
  { name: 'the list, by a program', kind: 'call', path: '/api/posts' },
  { name: 'the list’s head', kind: 'call', method: 'HEAD', path: '/api/posts' },
  { name: 'the list that has not changed', kind: 'call', path: '/api/posts', headers: { 'If-None-Match': '*' } },
  { name: 'the list, by another spelling', kind: 'call', path: '//api/posts' },
  { name: 'the list, for another site', kind: 'call', path: '/api/posts', headers: CROSS },
  { name: 'the list, for a listed site', kind: 'call', path: '/api/posts', headers: { ...CROSS, Origin: LISTED } },
  { name: 'the list, opened in the browser', kind: 'call', path: '/api/posts', headers: NAVIGATION },
  { name: 'a new post', kind: 'call', ...POST, headers: withLength(CALL) },
  { name: 'a new post, by a program', kind: 'call', ...POST, headers: withLength({}) },
  { name: 'a new post, by another site', kind: 'call', ...POST, headers: withLength(CROSS) },
  { name: 'a post without title', kind: 'call', method: 'POST', path: '/api/posts', headers: CALL },
  {
    name: 'a body that is no JSON',
    kind: 'call',
    ...POST,
    headers: withLength(CALL),
    body: '{"title":"a","text":"bread"]',
  },
  { name: 'an end', kind: 'call', method: 'DELETE', path: '/api/posts/2', headers: CALL },
  {
    name: 'an end with an overriding method',
    kind: 'call',
    ...POST,
    path: '/api/posts?_method=DELETE',
    headers: withLength({ 'X-HTTP-Method-Override': 'DELETE' }),
  },
  { name: 'an end of nothing', kind: 'call', method: 'DELETE', path: '/api/posts/99' },
  { name: 'a method that nobody takes', kind: 'call', method: 'PATCH', path: '/api/posts/1' },
  { name: 'a path of the API that is not there', kind: 'call', path: '/api/nothing?a=1' },
  { name: 'an encoded path', kind: 'call', path: '/api/posts/%31' },
  { name: 'an image', kind: 'call', path: '/api/posts/1/image', headers: IMAGE },
  { name: 'a part of an image', kind: 'call', path: '/api/posts/1/image', headers: { ...IMAGE, Range: 'bytes=0-9' } },
  { name: 'a download', kind: 'call', path: '/api/export', headers: NAVIGATION },
  { name: 'an event stream', kind: 'call', path: '/api/feed', headers: { ...CALL, Accept: 'text/event-stream' } },
  { name: 'a preflight of a site that is not listed', kind: 'call', ...PREFLIGHT },
  {
    name: 'a preflight of a listed site',
    kind: 'preflight',
    ...PREFLIGHT,
    headers: { ...PREFLIGHT.headers, Origin: LISTED },
  },
  { name: 'a preflight of an address outside the API', kind: 'other', ...PREFLIGHT, path: '/nothing' },
  { name: 'OPTIONS without a preflight’s fields', kind: 'call', method: 'OPTIONS', path: '/api/posts' },
];

const KINDS: Readonly<Record<Row['kind'], readonly ReportChange['of'][]>> = {
  page: ['every answer', 'pages'],
  call: ['every answer', 'covered routes'],
  preflight: ['every answer', 'covered routes', 'preflights of covered routes'],
  other: ['every answer'],
};

describe('P3.1 R74 report mode changes nothing but what it says', () => {
  let bare: RunningPosts;
  let gated: RunningPosts;
  let asset: string;
  let etag: string;
  const seen = new Set<string>();

  before(async () => {
    // Posts carry the time of their making: with the clock standing still, both apps say the same.
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    bare = await startPosts();
    const clients = { default: { origins: ['self', LISTED] } };
    gated = await startGuardedPosts({ mode: 'report', clients }, ['antiForgery']);
    const page = await send(bare.url, { path: '/' });
    asset = /src="(\/assets\/[^"]+)"/.exec(page.body)?.[1] ?? '';
    assert.notEqual(asset, '');
    etag = (await send(bare.url, { path: asset })).fields.get('etag')?.[0]?.replace(/^ETag: /, '') ?? '';
    assert.notEqual(etag, '');
  });
  after(async () => {
    mock.timers.reset();
    await bare.close();
    await gated.close();
  });

  const filled = ({ path, headers = {}, ...rest }: Row): Sent => ({
    ...rest,
    path: path.replace('ASSET', asset),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('ETAG', etag)])),
  });

  for (const row of ROWS) {
    test(row.name, async () => {
      const [without, behind] = [await send(bare.url, filled(row)), await send(gated.url, filled(row))];
      const different = differing(without.fields, behind.fields);
      for (const name of different) {
        const values = `${without.fields.get(name)} became ${behind.fields.get(name)}`;
        assert.ok(allowed(KINDS[row.kind], name), `${name}: ${values}`);
        if (row.kind !== 'preflight') seen.add(name);
      }
      if (row.kind === 'preflight') {
        assert.equal(behind.status, 204);
        return;
      }
      assert.deepEqual([behind.status, behind.message], [without.status, without.message]);
      assert.equal(withoutTag(behind.body), without.body);
    });
  }

  test('the page has one script tag more, and nothing else', async () => {
    const page = await send(gated.url, { path: '/', headers: NAVIGATION });
    const tags = page.body.match(TAG) ?? [];
    assert.equal(tags.length, 1);
    assert.ok(page.fields.get('set-cookie')?.[0]?.includes('__Host-sallyport-stamp='));
    assert.equal(page.fields.get('set-cookie')?.length, 1);
  });

  test('the differences that are allowed were really there: the list is not longer than it has to be', () => {
    for (const name of [
      'sallyport-decision',
      'etag',
      'vary',
      'content-length',
      'accept-ranges',
      'set-cookie',
      'cache-control',
      'access-control-allow-origin',
    ])
      assert.ok(seen.has(name), name);
  });

  test('no security header is added, and every request reached the app', async () => {
    for (const name of [
      'x-content-type-options',
      'referrer-policy',
      'cross-origin-resource-policy',
      'strict-transport-security',
    ])
      assert.ok(!seen.has(name), name);
    const count = (app: RunningPosts): number => app.backend.seen.filter((line) => !line.startsWith('OPTIONS')).length;
    // The bare app was asked for the page and an asset before, the guarded one for the page afterwards.
    assert.equal(count(gated), count(bare) - 1);
  });
});

test('P3.1 with tokens in forms, report mode changes pages by what it says of them, and nothing else', async (t) => {
  const [bare, gated] = [await startPosts(), await startGuardedPosts({ mode: 'report' })];
  t.after(() => Promise.all([bare.close(), gated.close()]));
  for (const path of ['/', '/report']) {
    const [without, behind] = [
      await send(bare.url, { path, headers: NAVIGATION }),
      await send(gated.url, { path, headers: NAVIGATION }),
    ];
    for (const name of differing(without.fields, behind.fields))
      assert.ok(allowed(KINDS.page, name) || OF_TOKENS.includes(name), name);
    assert.equal(withoutTag(behind.body).replace(HIDDEN, ''), without.body);
    assert.equal(HIDDEN.test(behind.body), path === '/report');
  }
});

/** Besides, as `check` says where the configuration has `antiForgery.insert`. */
const OF_TOKENS = ['last-modified', 'expires'];
const HIDDEN = /<input type="hidden" name="_csrf" value="[\w.-]+">/;
const TAG = /<script [^>]*src="\/_sallyport\/[^"]+"[^>]*><\/script>/g;
const withoutTag = (body: string): string => body.replace(TAG, '');

test('P3.1 the backend gets what the client sent, and otherwise only what report mode says', async (t) => {
  const { url } = await startBackend(t, (asked, answer) => {
    // The spelling of names means nothing (RFC 9110 §5.1), and Host is the client library's to spell.
    answer.end(JSON.stringify(asked.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text))));
  });
  const gate = await startGate({ to: url, listen: '127.0.0.1:0', mode: 'report' });
  t.after(() => gate.close({ graceMs: 0 }));
  for (const headers of [
    {},
    NAVIGATION,
    CALL,
    { ...CROSS, 'X-Own': 'a', 'X-HTTP-Method-Override': 'PUT', Cookie: 'a=b; c=d' },
  ]) {
    const named = { ...headers, Host: `localhost:${gate.address.port}` };
    const got = async (to: string) => byName(JSON.parse((await send(to, { path: '/api/x', headers: named })).body));
    const [without, behind] = [await got(url), await got(gate.url)];
    for (const name of differing(without, behind))
      assert.ok(allowed(['requests'], name), `${name}: ${without.get(name)} became ${behind.get(name)}`);
    assert.deepEqual(behind.get('x-forwarded-for'), ['x-forwarded-for: 127.0.0.1']);
  }
});

test('P3.1 the documents say what report mode changes, in the words of the list', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'running.md'), 'utf8').replace(/\s+/g, ' ');
  for (const { of, says } of REPORT_CHANGES) assert.ok(text.includes(`${of}: ${says}`), `${of}: ${says}`);
  for (const says of REPORT_REFUSES) assert.ok(text.includes(says), says);
});
