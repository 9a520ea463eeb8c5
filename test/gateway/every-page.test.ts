import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { startGate } from '../../src/gateway/index.ts';
import { createRecords } from '../../src/stores/records/open.ts';

const NAVIGATION = {
  accept: 'text/html',
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};
const PROVIDER =
  /<script async src="https:\/\/www\.google\.com\/recaptcha\/api\.js\?render=key-1"(?: nonce="([^"]*)")?>/g;

/** A gate with logins of its own whose app has pages with and without a policy; answers what it sends for a path. */
async function place(t: TestContext, everyPage: boolean) {
  const backend = createServer(({ url }, response) => {
    if (url?.startsWith('/api/')) return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    const nonce = url === '/strict' ? 'b3J5' : '';
    if (nonce !== '') response.setHeader('content-security-policy', `script-src 'nonce-${nonce}' 'strict-dynamic'`);
    response.writeHead(200, { 'content-type': 'text/html' });
    return response.end(
      `<!doctype html><html><head><title>app</title><script nonce="${nonce}" src="/app.js"></script></head></html>`,
    );
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    backend.closeAllConnections();
    backend.close();
  });
  const records = await createRecords('memory', { secret: 'a secret of the tests, 32 long at least' });
  const gate = await startGate(
    {
      to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`, // bound to TCP above
      listen: '127.0.0.1:0',
      mode: 'enforce',
      login: { accounts: { signUp: 'open' } },
      challenge: { recaptcha: { siteKey: 'key-1', secret: 'secret-1', everyPage } },
      routes: [
        { match: 'GET /api/free', level: 'open' },
        { match: 'GET /api/asked', challenge: 'auto' },
      ],
    },
    { records },
  );
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    await records.close();
  });
  return async (path: string, headers = NAVIGATION): Promise<string> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${gate.address.port}${path}`, { headers });
    assert.equal(statusCode, 200, path);
    return body.text();
  };
}

test('a provider that watches every page is in each page of the app, once, before the app’s own scripts, with the page’s nonce', async (t) => {
  const page = await place(t, true);
  for (const { path, nonce } of [
    { path: '/', nonce: undefined },
    { path: '/posts/7', nonce: undefined },
    { path: '/strict', nonce: 'b3J5' },
  ]) {
    const html = await page(path);
    const tags = [...html.matchAll(PROVIDER)];
    assert.deepEqual(
      tags.map(([, found]) => found),
      [nonce],
      path,
    );
    assert.ok((tags[0]?.index ?? 0) < html.indexOf('/app.js'), path);
    assert.ok(!html.includes('secret-1'));
  }
});

test('the gate’s own pages, on which passwords are typed, and what is no page, load nothing of it', async (t) => {
  const page = await place(t, true);
  for (const path of ['/_sallyport/login', '/api/free']) {
    const text = await page(path);
    assert.ok(text.length > 0 && !text.includes('recaptcha'), path);
  }
});

test('without everyPage no page of the app names the provider, though the configuration has its keys', async (t) => {
  const page = await place(t, false);
  for (const path of ['/', '/strict']) assert.doesNotMatch(await page(path), /recaptcha|key-1/, path);
});
