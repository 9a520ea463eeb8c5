import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { request } from 'undici';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createRecords } from '../../src/gateway/records.ts';
import type { Config } from '../../src/guard/config.ts';

/** Server-rendered forms without a script, through the real gate. */

const FORM = '<!doctype html><title>contact</title><form method="post" action="/send"><input name="text"></form>';

const PAGES: Readonly<Record<string, Record<string, string>>> = {
  '/': { 'cache-control': 'max-age=0, private', etag: '"v1"', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' },
  '/cached': { 'cache-control': 'public, max-age=600', etag: '"v1"' },
  '/secret': { 'cache-control': 'no-store' },
};

suite('the preset for forms', () => {
  let backend: Server;
  let gate: Gate;
  const sent: string[] = [];
  const records = createRecords({ now: Date.now });

  before(async () => {
    backend = createServer((message, response) => {
      if (message.method === 'POST') {
        sent.push(`${message.url} ${message.headers.cookie ?? ''}`);
        return void response.writeHead(303, { location: '/', 'set-cookie': 'app=1' }).end();
      }
      const headers = PAGES[message.url ?? ''];
      if (headers === undefined) return void response.writeHead(404).end();
      if (message.headers['if-none-match'] !== undefined) return void response.writeHead(304, headers).end();
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(FORM);
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    gate = await start({});
  });
  after(async () => {
    await gate.close({ graceMs: 0 });
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
  });

  const start = (more: Config): Promise<Gate> =>
    startGate(
      {
        to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
        listen: '127.0.0.1:0',
        mode: 'enforce',
        preset: 'forms',
        ...more,
      },
      { onDecision: records.add },
    );

  interface Page {
    readonly html: string;
    readonly token: string;
    readonly cookies: readonly string[];
    readonly fields: Record<string, string | string[] | undefined>;
  }

  const navigation = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  async function load(path = '/', headers: Record<string, string> = {}, at = gate): Promise<Page> {
    const { headers: fields, body } = await request(`${at.url}${path}`, { headers: { ...navigation, ...headers } });
    const html = await body.text();
    const cookies = [fields['set-cookie'] ?? []].flat();
    return { html, token: /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '', cookies, fields };
  }

  const cookieOf = ({ cookies }: Page): string => cookies.map((one) => one.split(';')[0]).join('; ');

  async function submit(page: Page, token = page.token, headers: Record<string, string> = {}, at = gate) {
    const answer = await request(`${at.url}/send`, {
      method: 'POST',
      headers: {
        ...navigation,
        origin: at.url,
        'content-type': 'application/x-www-form-urlencoded',
        cookie: cookieOf(page),
        ...headers,
      },
      body: new URLSearchParams({ text: 'hello', ...(token === '' ? {} : { _csrf: token }) }).toString(),
    });
    return { status: answer.statusCode, text: await answer.body.text(), fields: answer.headers };
  }

  test('R30 a form gets its field, and is taken with it', async () => {
    const page = await load();
    assert.ok(page.html.includes(`<input name="text"><input type="hidden" name="_csrf" value="${page.token}"></form>`));
    const { status, fields } = await submit(page);
    assert.equal(status, 303);
    assert.equal(fields['set-cookie'], 'app=1', 'the backend’s own cookies stay');
    assert.match(sent.at(-1) ?? '', /^\/send $/, 'and the backend sees none of ours');
  });

  test('without it a person gets a page that says what to do, and the backend nothing', async () => {
    const before = sent.length;
    const page = await load();
    const { status, text, fields } = await submit(page, '');
    assert.equal(status, 403);
    assert.match(String(fields['content-type']), /^text\/html/);
    assert.match(text, /Form expired.*Reload the page and send the form again/s);
    assert.equal((await submit(page, (await load()).token)).status, 403, 'another browser’s');
    assert.equal(sent.length, before);
  });

  test('R23 a good token does not open the door to other sites', async () => {
    const page = await load();
    const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    assert.equal((await submit(page, page.token, elsewhere)).status, 403);
  });

  test('a page with a token is kept by nobody for later, and never revalidated', async () => {
    const { fields } = await load();
    assert.equal(fields['cache-control'], 'private, no-cache');
    assert.deepEqual([fields['etag'], fields['last-modified']], [undefined, undefined]);
    const again = await load('/', { 'if-none-match': '"v1"' });
    assert.notEqual(again.token, '');
    assert.equal((await load('/secret')).fields['cache-control'], 'no-store');
  });

  test('a page that shared caches keep stays as it is; its code asks for a token', async () => {
    const page = await load('/cached');
    assert.equal(page.token, '');
    assert.deepEqual(page.cookies, []);
    const asked = await request(`${gate.url}/_sallyport/form-token`, {
      headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'x-requested-with': 'x' },
    });
    assert.equal(asked.headers['cache-control'], 'no-store');
    const cookies = [asked.headers['set-cookie'] ?? []].flat();
    const answer: unknown = JSON.parse(await asked.body.text());
    assert.ok(answer !== null && typeof answer === 'object' && 'token' in answer && typeof answer.token === 'string');
    assert.deepEqual({ ...answer, token: '' }, { token: '', field: '_csrf', header: 'x-xsrf-token', life: 7200 });
    assert.equal((await submit({ ...page, cookies }, answer.token)).status, 303);
  });

  test('R34 nobody else gets one: no other site’s page, no program without our header', async () => {
    const ask = async (headers: Record<string, string>) =>
      (await request(`${gate.url}/_sallyport/form-token`, { headers })).statusCode;
    assert.equal(await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'x-requested-with': 'x' }), 403);
    assert.equal(await ask({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), 403);
    assert.equal(await ask({ ...navigation }), 403);
  });

  test('GET pages are open, other methods are not, and calls of the API still need a proof', async () => {
    assert.equal((await request(`${gate.url}/`)).statusCode, 200);
    assert.equal((await request(`${gate.url}/send`, { method: 'PUT', headers: navigation })).statusCode, 405);
    assert.equal((await request(`${gate.url}/api/x`, { headers: navigation })).statusCode, 403);
  });

  test('the cookie that scripts read comes with the page, and its value is taken as a header', async () => {
    const other = await start({ antiForgery: { cookie: true, insert: false } });
    try {
      const page = await load('/', {}, other);
      assert.equal(page.token, '');
      const pair = page.cookies.find((one) => one.startsWith('XSRF-TOKEN=')) ?? assert.fail();
      const token = pair.slice('XSRF-TOKEN='.length, pair.indexOf(';'));
      assert.equal((await submit(page, '', { 'x-xsrf-token': token }, other)).status, 303);
      assert.equal((await submit(page, '', {}, other)).status, 403);
    } finally {
      await other.close({ graceMs: 0 });
    }
  });

  test('R72 in report mode a form without a token is sent on, and recorded', async () => {
    gate.setMode('report');
    try {
      const { status, fields } = await submit(await load(), '');
      assert.equal(status, 303);
      assert.equal(records.get(String(fields['sallyport-decision']))?.code, 'anti-forgery');
    } finally {
      gate.setMode('enforce');
    }
  });
});
