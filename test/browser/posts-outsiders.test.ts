import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type RunningPosts, startGuardedPosts, withoutLogin } from '../../examples/posts/fixture.ts';
import { describeBrowsers } from './browsers.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describeBrowsers('outsiders before the posts example', (browser) => {
  let app: RunningPosts;
  let elsewhere: Server;
  let foreign = '';

  before(async () => {
    app = await startGuardedPosts(withoutLogin);
    elsewhere = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>Elsewhere</title><iframe name="frame"></iframe>');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    // Another site than 127.0.0.1, though both are this machine.
    foreign = `http://localhost:${(elsewhere.address() as AddressInfo).port}/`;
  });

  after(async () => {
    elsewhere?.close();
    elsewhere?.closeAllConnections();
    await app?.close();
  });

  test('P1.2 a plain client gets 403 as problem+json with code, id and docs', async () => {
    const seen = app.backend.seen.length;
    const reply = await get(`${app.url}/api/posts`, { 'User-Agent': 'curl/8.0', Accept: '*/*' });
    assert.equal(reply.status, 403);
    assert.match(reply.headers['content-type'] ?? '', /^application\/problem\+json/);
    const problem = JSON.parse(reply.body);
    assert.equal(problem.status, 403);
    for (const member of ['code', 'id', 'docs', 'title', 'detail'])
      assert.equal(typeof problem[member], 'string', member);
    assert.equal(reply.headers['sallyport-decision'], problem.id);
    assert.equal(app.backend.seen.length, seen, 'nothing reached the backend');
  });

  test('P1.3 every header of the page’s own call, copied but for its proof and cookies, gets 403', async () => {
    const page = await browser.page();
    const called = page.waitForRequest((made) => made.url() === `${app.url}/api/posts`);
    await page.goto(app.url);
    const copied = Object.fromEntries(
      Object.entries((await called).headers()).filter(
        ([name]) => !/^(signature|signature-input|cookie|host|:.*)$/i.test(name),
      ),
    );
    // What automation protocols leave out, as the browser sends it.
    const all = {
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      referer: `${app.url}/`,
      origin: app.url,
      ...copied,
    };
    assert.equal((await get(`${app.url}/api/posts`, all)).status, 403);
    assert.equal((await get(`${app.url}/api/posts/1`, all, 'DELETE')).status, 403);
    assert.ok(!app.backend.seen.includes('DELETE /api/posts/1'));
  });

  test('P1.4 P7.2 another site’s page causes no upstream request: cors, no-cors, form, image, WebSocket', async () => {
    const page = await browser.page();
    // A visitor of the app, whose cookies the other site would like to use.
    await page.goto(app.url);
    await page.waitForSelector('.dot.on');
    await page.goto(foreign);
    const seen = app.backend.seen.length;
    const outcome = await page.evaluate(attackFrom, app.url);
    assert.deepEqual(outcome, {
      cors: 'failed',
      preflighted: 'failed',
      noCors: 'opaque',
      image: 'failed',
      socket: 'failed',
    });
    assert.deepEqual(app.backend.seen.slice(seen), []);
  });
});

// Runs in the other site's page.
async function attackFrom(url: string): Promise<Record<string, string>> {
  const tell = (response: Response): string => response.type;
  const failed = (): string => 'failed';
  const posts = `${url}/api/posts`;
  const cors = await fetch(posts, { credentials: 'include' }).then(tell, failed);
  const preflighted = await fetch(`${posts}/1`, { method: 'DELETE', credentials: 'include' }).then(tell, failed);
  const noCors = await fetch(posts, {
    method: 'POST',
    mode: 'no-cors',
    credentials: 'include',
    body: '{"title":"x"}',
  }).then(tell, failed);
  const image = await new Promise<string>((resolve) => {
    const element = new Image();
    element.onload = () => resolve('loaded');
    element.onerror = () => resolve('failed');
    element.src = `${posts}/1/image`;
  });
  const socket = await new Promise<string>((resolve) => {
    const opened = new WebSocket(`${url.replace('http', 'ws')}/api/chat`);
    opened.onopen = () => resolve('opened');
    opened.onerror = () => resolve('failed');
  });
  await new Promise<void>((resolve) => {
    const frame = document.querySelector('iframe');
    if (frame !== null) frame.onload = () => resolve();
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: posts, target: 'frame' });
    document.body.append(form);
    form.submit();
  });
  return { cors, preflighted, noCors, image, socket };
}

// node:http, because fetch would not send all of these.
function get(url: string, headers: Record<string, string>, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}
