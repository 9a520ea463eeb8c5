import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLIENT, startProvider, type TestProvider } from '../identity/oidc/provider.ts';
import { describeBrowsers } from './browsers.ts';
import { createPerson } from './provider-person.ts';
import { type Site, startSite } from './site.ts';

/** An app's own service worker of the greedy kind: what it has seen once it answers from its cache, save its API. */
const GREEDY = `
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('fetch', (event) => event.respondWith(answer(event.request)));
  async function answer(request) {
    if (request.method !== 'GET' || request.url.includes('/api/')) return fetch(request);
    const cache = await caches.open('all');
    const found = await cache.match(request.url);
    if (found) return found;
    const fresh = await fetch(request);
    await cache.put(request.url, fresh.clone()).catch(() => {});
    return fresh;
  }`;

describeBrowsers('logins of an app with a service worker of its own', (browser) => {
  let site: Site;
  let provider: TestProvider;
  const person = createPerson(
    () => site,
    () => provider,
  );

  before(async () => {
    provider = await startProvider({ gate: () => site.url, name: 'one', form: true, host: 'localhost' });
    const one = { issuer: provider.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret };
    site = await startSite({
      config: {
        login: { providers: { one } },
        routes: [{ match: 'GET /api/mine', user: true }, { match: '/api/**' }],
      },
      handlers: {
        '/service.js': (_request, response) =>
          response.writeHead(200, { 'content-type': 'text/javascript' }).end(GREEDY),
      },
    });
  });
  after(async () => {
    await site.close();
    await provider.close();
  });

  test('L17 P7.7 people log in, out and in again as somebody else; neither pages nor answers of the gate are its business', async () => {
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.evaluate(`navigator.serviceWorker.register('/service.js').then(() => new Promise((done) => {
      if (navigator.serviceWorker.controller) done(); else navigator.serviceWorker.oncontrollerchange = () => done();
    }))`);
    await page.goto(site.url);
    assert.equal((await person.call(page, '/api/mine')).code, 'login-required');
    assert.equal(await person.user(page), null);
    for (const name of ['alice', 'bob', 'alice']) {
      await person.login(page, name);
      assert.equal(await person.user(page), name);
      assert.equal((await person.call(page, '/api/mine')).status, 200);
      await page.reload();
      assert.equal(await person.user(page), name, 'the page from the cache finds the login');
      await person.logout(page);
      assert.equal(await person.user(page), null);
      assert.equal((await person.call(page, '/api/mine')).code, 'login-required');
      await person.forget(page);
    }
    const kept: string[] = await page.evaluate(async () => {
      const cache = await caches.open('all');
      return (await cache.keys()).map(({ url }) => new URL(url).pathname);
    });
    assert.ok(kept.includes('/landed'), 'the app’s pages are kept');
    assert.deepEqual(
      kept.filter((path) => /login|callback|user|done/.test(path)),
      [],
      'nothing of a login is',
    );
    await page.close();
  });
});
