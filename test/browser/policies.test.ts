import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

/** Notes every violation from the first moment on. */
const NOTE_VIOLATIONS = `self.violations = [];
  addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));`;

/** Notes every use of what tells browsers apart. */
const NOTE_FINGERPRINTING = `self.touched = [];
  const note = (owner, name) => {
    const native = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (!native) return;
    Object.defineProperty(owner, name, native.get
      ? { ...native, get() { touched.push(name); return native.get.call(this); } }
      : { ...native, value: function (...args) { touched.push(name); return Reflect.apply(native.value, this, args); } });
  };
  for (const name of ['userAgent', 'plugins', 'mimeTypes', 'hardwareConcurrency', 'deviceMemory', 'languages', 'platform', 'webdriver', 'getBattery', 'connection', 'userAgentData'])
    note(Navigator.prototype, name);
  for (const name of ['width', 'height', 'colorDepth', 'availWidth']) note(Screen.prototype, name);
  for (const name of ['toDataURL', 'toBlob', 'getContext']) note(HTMLCanvasElement.prototype, name);
  note(self, 'localStorage'); note(self, 'sessionStorage'); note(self, 'indexedDB');
  note(Document.prototype, 'cookie'); note(Document.prototype, 'fonts'); note(Document.prototype, 'referrer');
  note(Date.prototype, 'getTimezoneOffset');
  for (const name of ['AudioContext', 'OfflineAudioContext', 'RTCPeerConnection']) if (self[name]) self[name] = new Proxy(self[name], { construct() { touched.push(name); throw new Error('not here'); } });`;

/** Everything that loads a part of the script, in one page. */
const USE_EVERYTHING = `(async () => {
  const got = { fetch: (await fetch('/api/echo')).status };
  got.xhr = await new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.onloadend = () => done(xhr.status); xhr.open('POST', '/api/echo'); xhr.send('x'); });
  const files = new FormData(); files.append('f', new File(['x'], 'x.txt'));
  got.files = (await fetch('/api/echo', { method: 'POST', body: files })).status;
  got.feed = await new Promise((done) => { const feed = new EventSource('/api/feed'); feed.onmessage = (event) => { feed.close(); done(event.data); }; feed.onerror = () => done('error'); });
  got.socket = await new Promise((done) => { const socket = new WebSocket('ws://' + location.host + '/api/socket'); socket.onopen = () => { socket.close(); done('open'); }; socket.onerror = () => done('error'); });
  got.beacon = navigator.sendBeacon('/api/beacon', 'b');
  return got;
})()`;

const ALL_WELL = { fetch: 200, xhr: 200, files: 200, feed: 'hello', socket: 'open', beacon: true };

describeBrowsers('policies of the page', (browser) => {
  let site: Site;
  let page: Page;

  before(async () => {
    site = await startSite({
      config: {
        routes: [{ match: 'POST /api/beacon', sync: ['beacon'], contentTypes: ['text/plain'] }, { match: '/api/**' }],
      },
      handlers: {
        '/api/feed': (_request, response) =>
          response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: hello\n\n'),
      },
    });
    page = await browser.newPage();
    await page.evaluateOnNewDocument(NOTE_VIOLATIONS);
    await page.evaluateOnNewDocument(NOTE_FINGERPRINTING);
  });
  after(() => site.close());
  beforeEach(() => site.clear());

  const open = async (policy: string) => {
    await page.goto(`${site.url}/?csp=${encodeURIComponent(policy)}`);
    await page.evaluate(() => fetch('/api/echo'));
    return page.evaluate(USE_EVERYTHING);
  };
  const violations = () => page.evaluate('violations') as Promise<string[]>;

  const connect = () => `connect-src 'self' ws://${new URL(site.url).host}`;
  const policies: Readonly<Record<string, () => string>> = {
    "script-src 'self'": () => `default-src 'none'; script-src 'self'; ${connect()}`,
    "'nonce' with strict-dynamic": () => `default-src 'none'; script-src 'nonce-abc123' 'strict-dynamic'; ${connect()}`,
    'nonce alone': () => `default-src 'none'; script-src 'nonce-abc123'; ${connect()}`,
    'Trusted Types': () =>
      `default-src 'none'; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; ${connect()}`,
  };
  for (const [name, policy] of Object.entries(policies)) {
    test(`P7.8 ${name}: everything passes, no violation is reported`, async () => {
      assert.deepEqual(await open(policy()), ALL_WELL);
      // The browser's own wish for an icon is no matter of the script's.
      assert.deepEqual(
        (await violations()).filter((each) => !each.startsWith('img-src')),
        [],
      );
      assert.deepEqual(
        new Set(site.decisions.filter(({ path }) => path.startsWith('/api/')).map(({ outcome }) => outcome)),
        new Set(['admit']),
      );
    });
  }

  test('P6.1 no request leaves the first party, and nothing that tells browsers apart is touched', async () => {
    const foreign: string[] = [];
    const note = (request: import('puppeteer-core').HTTPRequest) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== site.url) foreign.push(request.url());
    };
    page.on('request', note);
    try {
      await page.goto(site.url);
      assert.deepEqual(await page.evaluate(USE_EVERYTHING), ALL_WELL);
      assert.deepEqual(foreign, []);
      assert.deepEqual(await page.evaluate('touched'), []);
      assert.deepEqual(await page.evaluate('navigator.userAgent && touched'), ['userAgent'], 'the notes are taken');
    } finally {
      page.off('request', note);
    }
  });

  test('the script twice in one page is the script once', async () => {
    await page.goto(site.url);
    const address = await page.evaluate(() => document.querySelector('script')?.src ?? '');
    await page.evaluate(
      (src) =>
        new Promise((done) => {
          const tag = document.createElement('script');
          tag.src = `${src}?again`;
          tag.onload = done;
          document.head.append(tag);
        }),
      address,
    );
    const entered = site.decisions.filter(
      ({ path, method }) => path === '/_sallyport/enter' && method === 'POST',
    ).length;
    assert.deepEqual(await page.evaluate(USE_EVERYTHING), ALL_WELL);
    assert.equal(entered, 1);
  });
});
