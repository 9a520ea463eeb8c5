import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

/** One request through XMLHttpRequest, with the order of its events. */
const RUN = `
  window.run = (method, url, { body = null, headers = {}, set = {}, after = () => {}, upload = false } = {}) =>
    new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      const events = [];
      for (const name of ['loadstart', 'readystatechange', 'load', 'error', 'abort', 'timeout', 'loadend'])
        xhr.addEventListener(name, () => {
          events.push(name === 'readystatechange' ? 'state' + xhr.readyState : name);
          if (name === 'loadend') resolve({ events, uploads, status: xhr.status, response: xhr.response, state: xhr.readyState, timeout: xhr.timeout, type: xhr.responseType });
        });
      const uploads = [];
      if (upload) for (const name of ['loadstart', 'progress', 'load', 'abort', 'timeout', 'loadend'])
        xhr.upload.addEventListener(name, (event) => uploads.push([name, event.loaded, event.total]));
      xhr.open(method, url);
      for (const name in headers) xhr.setRequestHeader(name, headers[name]);
      Object.assign(xhr, set);
      xhr.send(body);
      after(xhr);
    });
`;

interface Ran {
  readonly events: string[];
  readonly uploads: [string, number, number][];
  readonly status: number;
  readonly response: string;
  readonly state: number;
  readonly timeout: number;
}

describeBrowsers('XMLHttpRequest', (browser) => {
  let site: Site;
  let page: Page;
  const hanging: ServerResponse[] = [];

  before(async () => {
    site = await startSite({
      config: {
        routes: [
          { match: '/api/sync/**', sync: ['sync'] },
          { match: '/api/never', signed: ['x-needed'] },
          { match: '/api/**' },
        ],
      },
      handlers: {
        '/api/hang': (_request, response) => void hanging.push(response),
        '/api/document': (_request, response) =>
          void response.writeHead(200, { 'content-type': 'application/xml' }).end('<a>text</a>'),
        '/api/sync/echo': (request, response, body) =>
          response.end(`${request.method} ${request.headers['content-type']} ${body}`),
      },
    });
    page = await browser.page();
    await page.goto(site.url);
    await page.evaluate(RUN);
  });
  after(async () => {
    for (const response of hanging) response.destroy();
    await site.close();
  });
  beforeEach(() => site.clear());

  const run = (script: string): Promise<Ran> => page.evaluate(script) as Promise<Ran>;

  test('P1.1 events come in the browser’s order, once', async () => {
    const { events, status, response } = await run(`run('GET', '/api/echo?x')`);
    assert.equal(status, 200);
    assert.equal(JSON.parse(response).url, '/api/echo?x');
    assert.deepEqual(
      events.filter((name) => name !== 'state3'),
      ['state1', 'loadstart', 'state2', 'state4', 'load', 'loadend'],
    );
  });

  test('headers, response types and bodies of every kind', async () => {
    const answer = (await page.evaluate(`(async () => {
      const post = async (body, headers = {}) => {
        const { response } = await run('POST', '/api/echo', { body, headers, set: { responseType: 'json' } });
        return [response.headers['content-type'] ?? null, response.text, response.headers['x-own'] ?? null];
      };
      const form = new FormData(); form.append('a', 'b');
      const files = new FormData(); files.append('f', new File(['in'], 'f.txt'));
      const xml = new DOMParser().parseFromString('<a>ü</a>', 'application/xml');
      return {
        text: await post('täxt'),
        own: await post('{}', { 'Content-Type': 'application/json', 'X-Own': 'yes' }),
        charset: await post('ü', { 'content-type': 'text/plain; charset=iso-8859-1' }),
        query: await post(new URLSearchParams('a=b')),
        blob: await post(new Blob(['b'], { type: 'a/b' })),
        bytes: await post(new Uint8Array([65]).buffer),
        xml: await post(xml),
        form: await post(form), files: await post(files),
      };
    })()`)) as Record<string, [string | null, string, string | null]>;
    assert.deepEqual(answer['text'], ['text/plain;charset=UTF-8', 'täxt', null]);
    assert.deepEqual(answer['own'], ['application/json', '{}', 'yes']);
    assert.deepEqual(answer['charset'], ['text/plain; charset=UTF-8', 'ü', null]);
    assert.deepEqual(answer['query']?.[1], 'a=b');
    assert.deepEqual(answer['blob'], ['a/b', 'b', null]);
    assert.deepEqual(answer['bytes'], [null, 'A', null]);
    assert.deepEqual(answer['xml']?.[0], 'application/xml;charset=UTF-8');
    assert.match(answer['xml']?.[1] ?? '', /<a>ü<\/a>/);
    assert.match(answer['form']?.[1] ?? '', /name="a"/);
    assert.match(answer['files']?.[1] ?? '', /filename="f\.txt"/);
  });

  test('P7.1 upload progress is the real one', async () => {
    const { uploads, status } = await run(
      `run('POST', '/api/echo', { body: new Blob([new Uint8Array(3e6)]), upload: true })`,
    );
    assert.equal(status, 200);
    const last = uploads.at(-1);
    assert.deepEqual(last, ['loadend', 3_000_000, 3_000_000]);
    assert.equal(uploads.filter(([name]) => name === 'load').length, 1);
  });

  test('abort before the real send, with the browser’s events and no request', async () => {
    const { events, state, status } = await run(`run('POST', '/api/echo', { body: 'x', after: (xhr) => xhr.abort() })`);
    assert.deepEqual(events, ['state1', 'state4', 'abort', 'loadend']);
    assert.equal(status, 0);
    assert.equal(state, 4);
    assert.equal(site.received.length, 0);
  });

  test('abort during the real call, and the same object used again', async () => {
    const answer = await page.evaluate(`(async () => {
      const xhr = new XMLHttpRequest();
      const first = new Promise((done) => { xhr.onabort = done; });
      xhr.open('GET', '/api/hang'); xhr.send();
      setTimeout(() => xhr.abort(), 300);
      await first;
      const state = xhr.readyState;
      const second = new Promise((done) => { xhr.onload = done; });
      xhr.open('GET', '/api/echo'); xhr.send();
      await second;
      return [state, xhr.status];
    })()`);
    assert.deepEqual(answer, [0, 200]);
  });

  test('a timeout counts from the app’s send, and ends a call that hangs', async () => {
    const { events, timeout } = await run(`run('GET', '/api/hang', { set: { timeout: 400 } })`);
    assert.deepEqual(events.slice(-3), ['state4', 'timeout', 'loadend']);
    assert.equal(timeout, 400);
  });

  test('what the browser forbids after send stays forbidden', async () => {
    const names = await page.evaluate(`(() => {
      const xhr = new XMLHttpRequest();
      const name = (act) => { try { act(); return 'none'; } catch (fault) { return fault.name; } };
      const unopened = name(() => xhr.send());
      xhr.open('GET', '/api/echo'); xhr.send();
      return [unopened, name(() => xhr.send()), name(() => xhr.setRequestHeader('a', 'b')), name(() => xhr.open('GET', 'http://['))];
    })()`);
    assert.deepEqual(names, ['InvalidStateError', 'InvalidStateError', 'InvalidStateError', 'SyntaxError']);
  });

  test('a synchronous call is signed where its route takes the synchronous key', async () => {
    const call = `(() => { const xhr = new XMLHttpRequest(); xhr.open('POST', '/api/sync/echo', false);
      xhr.setRequestHeader('Content-Type', 'application/json'); xhr.send('{"a":1}'); return xhr.status + ' ' + xhr.responseText; })()`;
    assert.equal(await page.evaluate(call), '200 POST application/json {"a":1}');
    const other = `(() => { const xhr = new XMLHttpRequest(); xhr.open('GET', '/api/echo', false); xhr.send(); return xhr.status; })()`;
    assert.equal(await page.evaluate(other), 403);
  });

  test('P7.4 a ticket that the gate has forgotten is replaced, and the app sees one answer', async () => {
    await site.restart();
    const { events, status, response } = await run(`run('POST', '/api/echo', { body: 'kept' })`);
    assert.equal(status, 200);
    assert.equal(JSON.parse(response).text, 'kept');
    assert.deepEqual(
      events.filter((name) => name !== 'state3'),
      ['state1', 'loadstart', 'state2', 'state4', 'load', 'loadend'],
    );
    assert.deepEqual(
      site.received.map(({ method, text }) => `${method} ${text}`),
      ['POST kept'],
    );
  });

  test('P7.4 upload events come once, though the body is sent twice', async () => {
    await site.restart();
    const { uploads, status } = await run(
      `run('POST', '/api/echo', { body: new Blob([new Uint8Array(3e5)]), upload: true })`,
    );
    assert.equal(status, 200);
    assert.equal(site.received.length, 1);
    assert.equal(site.decisions.filter(({ path }) => path === '/api/echo').length, 2);
    const names = uploads.map(([name]) => name).filter((name) => name !== 'progress');
    assert.deepEqual(names, ['loadstart', 'load', 'loadend']);
    assert.equal(uploads.at(-1)?.[0], 'loadend');
  });

  test('an upload that the app only looks at needs no preflight elsewhere', async () => {
    const listening = await page.evaluate(`(async () => {
      const added = []; const native = EventTarget.prototype.addEventListener;
      EventTarget.prototype.addEventListener = function (...args) { if (this instanceof XMLHttpRequestUpload) added.push(args[0]); return native.apply(this, args); };
      const removed = []; const take = EventTarget.prototype.removeEventListener;
      EventTarget.prototype.removeEventListener = function (...args) { if (this instanceof XMLHttpRequestUpload) removed.push(args[0]); return take.apply(this, args); };
      const before = new XMLHttpRequest(); before.upload; before.open('POST', '/elsewhere');
      const left = added.length - removed.length;
      added.length = 0;
      const after = new XMLHttpRequest(); after.open('POST', '/elsewhere'); after.upload;
      EventTarget.prototype.addEventListener = native; EventTarget.prototype.removeEventListener = take;
      return [left, added.length];
    })()`);
    assert.deepEqual(listening, [0, 0]);
  });

  test('P7.4 a document is asked for once more, and a refusal is none', async () => {
    await site.restart();
    const ask = (path: string) =>
      page.evaluate(`new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.open('GET', '${path}'); xhr.responseType = 'document';
        xhr.onloadend = () => {
          const first = [xhr.status, xhr.responseType, xhr.response?.documentElement?.textContent ?? null];
          xhr.open('GET', '/api/echo'); resolve([...first, xhr.responseType]);
        };
        xhr.send();
      })`);
    assert.deepEqual(await ask('/api/document'), [200, 'document', 'text', 'document']);
    const codes = site.decisions
      .filter(({ path }) => path === '/api/document')
      .map(({ code, outcome }) => code || outcome);
    assert.deepEqual(codes, ['stale', 'admit']);
    // This route wants a header signed that the call has not.
    const [status, type, response] = (await ask('/api/never')) as unknown[];
    assert.deepEqual([status, type, response], [403, 'document', null]);
  });

  test('jQuery, axios and AngularJS on top', async () => {
    const answer = (await page.evaluate(`(async () => {
      const add = (src) => new Promise((done, fail) => { const tag = document.createElement('script'); tag.src = src; tag.onload = done; tag.onerror = fail; document.head.append(tag); });
      for (const name of ['jquery', 'axios', 'angular']) await add('/lib/' + name + '.js');
      const query = await jQuery.ajax({ url: '/api/echo', method: 'POST', data: { a: 'b' } });
      const refused = await jQuery.ajax('/api/nothing?status=418').catch((xhr) => xhr.status);
      const progress = [];
      const posted = await axios.post('/api/echo', { a: 1 }, { onUploadProgress: (event) => progress.push(event.loaded) });
      const fetched = await axios.get('/api/echo', { adapter: 'fetch', params: { q: 1 } });
      const controller = new AbortController();
      const cancelled = axios.get('/api/hang', { signal: controller.signal }).catch((fault) => fault.code);
      controller.abort();
      const late = await axios.get('/api/hang', { timeout: 200 }).catch((fault) => fault.code);
      const $http = angular.injector(['ng']).get('$http');
      const angularAnswer = await $http.put('/api/echo', { b: 2 });
      return { query: query.text, refused, posted: posted.data.text, progress, fetched: fetched.data.url, cancelled: await cancelled, late, angular: angularAnswer.data.text };
    })()`)) as Record<string, unknown>;
    assert.deepEqual(answer, {
      query: 'a=b',
      refused: 418,
      posted: '{"a":1}',
      progress: [7],
      fetched: '/api/echo?q=1',
      cancelled: 'ERR_CANCELED',
      late: 'ECONNABORTED',
      angular: '{"b":2}',
    });
  });

  test('Zone.js on top sees every task begin and end', async () => {
    await page.goto(`${site.url}/?head=${encodeURIComponent('<script src="/lib/zone.js"></script>')}`);
    const answer = (await page.evaluate(`(async () => await new Promise((resolve) => {
      const seen = [];
      const zone = Zone.current.fork({ name: 'test', onHasTask(delegate, current, target, state) { delegate.hasTask(target, state); if (state.change === 'macroTask') seen.push(state.macroTask); } });
      zone.run(() => {
        const xhr = new XMLHttpRequest();
        xhr.onload = () => { const inside = Zone.current.name; setTimeout(() => Zone.root.run(() => setTimeout(() => resolve({ inside, status: xhr.status, seen }), 50))); };
        xhr.open('GET', '/api/echo'); xhr.send();
      });
    }))()`)) as { inside: string; status: number; seen: boolean[] };
    assert.equal(answer.inside, 'test');
    assert.equal(answer.status, 200);
    assert.deepEqual([answer.seen.at(0), answer.seen.at(-1)], [true, false]);
  });
});
