import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');

describeBrowsers('fetch', (browser) => {
  let site: Site;
  let page: Page;
  let away = '';

  before(async () => {
    site = await startSite({
      config: { routes: [{ match: '/api/stream-in', body: 'unsigned' }, { match: '/api/**' }] },
      handlers: {
        '/api/again': (_request, response) => response.writeHead(307, { location: '/api/echo/again' }).end(),
        '/api/away': (_request, response) => response.writeHead(302, { location: away }).end(),
        '/api/hop': (_request, response) => response.writeHead(302, { location: '/api/echo/hopped' }).end(),
      },
    });
    page = await browser.page();
    await page.goto(site.url);
  });
  after(() => site.close());
  beforeEach(() => site.clear());

  test('P1.1 a plain call passes, signed, and leaves nothing of the proof to the backend', async () => {
    const answer = await page.evaluate(() => fetch('/api/echo?a=1&b=%20').then((response) => response.json()));
    assert.equal(answer.url, '/api/echo?a=1&b=%20');
    assert.equal(answer.headers.signature, undefined);
    assert.equal(answer.headers['signature-input'], undefined);
    assert.deepEqual(
      site.decisions.filter(({ path }) => path === '/api/echo').map(({ outcome }) => outcome),
      ['admit'],
    );
  });

  test('bodies of every kind arrive as they were sent, with the type the browser gives them', async () => {
    const answers = await page.evaluate(async () => {
      const post = async (body: BodyInit, headers: Record<string, string> = {}) => {
        const response = await fetch('/api/echo', { method: 'POST', body, headers });
        const { headers: got, text, length, sha256 } = await response.json();
        return { type: got['content-type'] ?? null, text, length, sha256 };
      };
      const form = new FormData();
      form.append('name', 'value');
      const files = new FormData();
      files.append('a"b', 'one\ntwo');
      files.append('file', new File(['contents'], 'näme.txt', { type: 'Text/Plain' }));
      return {
        text: await post('text'),
        json: await post('{"a":1}', { 'Content-Type': 'application/json' }),
        query: await post(new URLSearchParams({ a: 'b c' })),
        blob: await post(new Blob(['blob'], { type: 'Image/X' })),
        bytes: await post(new Uint8Array([1, 2, 3])),
        empty: await post(''),
        form: await post(form),
        files: await post(files),
      };
    });
    assert.deepEqual(answers.text, {
      type: 'text/plain;charset=UTF-8',
      text: 'text',
      length: 4,
      sha256: sha256('text'),
    });
    assert.equal(answers.json.type, 'application/json');
    assert.equal(answers.query.text, 'a=b+c');
    assert.equal(answers.blob.type, 'image/x');
    assert.deepEqual(answers.bytes, {
      type: null,
      text: '\u0001\u0002\u0003',
      length: 3,
      sha256: sha256(new Uint8Array([1, 2, 3])),
    });
    assert.equal(answers.empty.length, 0);
    assert.match(answers.form.text, /name="name"\r\n\r\nvalue\r\n/);
    assert.match(answers.files.type, /^multipart\/form-data; boundary=(\S+)$/);
    assert.match(answers.files.text, /name="a%22b"\r\n\r\none\r\ntwo\r\n/);
    assert.match(
      answers.files.text,
      /name="file"; filename="näme\.txt"\r\nContent-Type: text\/plain\r\n\r\ncontents\r\n/,
    );
  });

  test('Request objects keep method, headers, body, credentials and signal', async () => {
    const answer = await page.evaluate(async () => {
      const request = new Request('/api/echo', { method: 'PUT', body: 'from a request', headers: { 'x-own': 'one' } });
      const response = await fetch(request, { headers: { 'x-own': 'two', authorization: 'Bearer abc' } });
      return { ...(await response.json()), used: request.bodyUsed };
    });
    assert.equal(answer.method, 'PUT');
    assert.equal(answer.text, 'from a request');
    assert.equal(answer.headers['x-own'], 'two');
    assert.equal(answer.headers.authorization, 'Bearer abc');
    assert.equal(answer.used, true);
  });

  test('methods that browsers leave as they are, and HEAD', async () => {
    const answer = await page.evaluate(async () => {
      const patched = await (await fetch('/api/echo', { method: 'PATCH', body: 'p' })).json();
      const head = await fetch('/api/echo', { method: 'head' });
      return { method: patched.method, head: head.status };
    });
    assert.deepEqual(answer, { method: 'PATCH', head: 200 });
  });

  test('a no-cors call to the own origin passes as a readable one', async () => {
    const answer = await page.evaluate(() =>
      fetch('/api/echo', { mode: 'no-cors' }).then((response) => [response.status, response.type]),
    );
    assert.deepEqual(answer, [200, 'basic']);
  });

  test('aborting before and during the call rejects as the browser does', async () => {
    const answer = await page.evaluate(async () => {
      const before = new AbortController();
      before.abort();
      const early = await fetch('/api/echo', { signal: before.signal }).catch((fault) => fault.name);
      const during = new AbortController();
      const pending = fetch('/api/echo', { signal: during.signal }).catch((fault) => fault);
      during.abort('my reason');
      return { early, late: await pending };
    });
    assert.deepEqual(answer, { early: 'AbortError', late: 'my reason' });
  });

  test('P7.1 a body of more than 4 MiB is digested in slices and arrives whole', async () => {
    const answer = await page.evaluate(async () => {
      const bytes = new Uint8Array(5 * 1024 * 1024 + 7).map((_, index) => index % 251);
      const response = await fetch('/api/echo', { method: 'POST', body: new Blob([bytes]) });
      return (await response.json()).sha256;
    });
    assert.equal(answer, sha256(new Uint8Array(5 * 1024 * 1024 + 7).map((_, index) => index % 251)));
  });

  test('a stream is buffered where the policy wants a digest', async () => {
    const answer = await page.evaluate(async () => {
      const stream = new Blob(['a ', 'stream']).stream();
      const init: RequestInit & { duplex: string } = { method: 'POST', body: stream, duplex: 'half' };
      return (await fetch('/api/echo', init)).json().then(({ text }) => text);
    });
    // Firefox knows no streams as bodies: it sends what the object prints as.
    assert.equal(answer, browser.name === 'firefox' ? '[object ReadableStream]' : 'a stream');
  });

  test('redirects are followed inside the gate, and `manual` stays the app’s', async () => {
    const answer = await page.evaluate(async () => {
      const followed = await fetch('/api/hop');
      const manual = await fetch('/api/hop', { redirect: 'manual' });
      return {
        status: followed.status,
        redirected: followed.redirected,
        path: new URL(followed.url).pathname,
        manual: manual.type,
      };
    });
    assert.deepEqual(answer, { status: 200, redirected: true, path: '/api/echo/hopped', manual: 'opaqueredirect' });
  });

  test('a POST that is redirected inside the gate arrives with its body', async () => {
    const answer = await page.evaluate(() =>
      fetch('/api/again', { method: 'POST', body: 'kept' }).then((response) => response.json()),
    );
    assert.deepEqual([answer.method, answer.url, answer.text], ['POST', '/api/echo/again', 'kept']);
  });

  test('a redirect keeps token and content type of the call, and loses the type with the body', async () => {
    const answers = await page.evaluate(async () => {
      const headers = { Authorization: 'Bearer a', 'Content-Type': 'application/json' };
      const send = async (path: string, body: BodyInit, more: Record<string, string>) => {
        const response = await fetch(path, { method: 'POST', body, headers: more });
        const { method, text, headers: got } = await response.json();
        return [method, text ?? '', got.authorization ?? '', got['content-type'] ?? ''];
      };
      return [
        await send('/api/again', '{}', headers),
        await send('/api/hop', '{}', headers),
        await send('/api/again', new URLSearchParams({ a: 'b' }), {}),
        await send('/api/hop', new URLSearchParams({ a: 'b' }), {}),
      ];
    });
    assert.deepEqual(answers, [
      ['POST', '{}', 'Bearer a', 'application/json'],
      ['GET', '', 'Bearer a', ''],
      ['POST', 'a=b', '', 'application/x-www-form-urlencoded;charset=UTF-8'],
      ['GET', '', '', ''],
    ]);
  });

  test('a redirect to another origin takes no proof along', async () => {
    const seen: string[] = [];
    const foreign = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers['signature-input'] ?? ''}`);
      response.writeHead(200, { 'access-control-allow-origin': '*' }).end('foreign');
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    try {
      away = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`;
      const fault = await page.evaluate(() => fetch('/api/away').then(String, ({ name }) => name));
      assert.equal(fault, 'TypeError');
      assert.deepEqual(
        seen.filter((each) => each !== 'OPTIONS '),
        [],
      );
    } finally {
      foreign.closeAllConnections();
      await new Promise((resolve) => foreign.close(resolve));
    }
  });

  test('calls that are not covered reach the native function untouched', async () => {
    const answer = await page.evaluate(async () => {
      const response = await fetch('/lib/jquery.js');
      const wrong = await fetch('http://[').catch((fault) => fault.name);
      return {
        status: response.status,
        wrong,
        name: fetch.name,
        length: fetch.length,
        text: Function.prototype.toString.call(fetch),
      };
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.wrong, 'TypeError');
    assert.equal(answer.name, 'fetch');
    assert.equal(answer.length, 1);
    assert.match(answer.text, /\[native code\]/);
  });

  test('a hundred calls at once use counters of one window, each once', async () => {
    const statuses = await page.evaluate(() =>
      Promise.all(Array.from({ length: 100 }, (_, index) => fetch(`/api/echo?${index}`).then(({ status }) => status))),
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(site.received.length, 100);
  });
});
