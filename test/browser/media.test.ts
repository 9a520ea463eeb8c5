import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { BrowserContext, HTTPRequest, Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until, untilPage } from './until.ts';

/** One pixel. */
const PICTURE = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** A tenth of a second of silence: 8 kHz, 8 bit, mono. */
function silence(): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF\0\0\0\0WAVEfmt ', 'latin1');
  head.writeUInt32LE(36 + 800, 4);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(800, 40);
  return Buffer.concat([head, Buffer.alloc(800, 128)]);
}

const answer = (type: string, body: string | Buffer) => (_request: unknown, response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);

/** All ways in which static HTML names something behind the API. */
const BODY = `<img id="plain" src="/api/media/plain">
  <img id="set" srcset="/api/media/set 1x">
  <picture><source srcset="/api/media/source"><img id="picture" alt=""></picture>
  <audio id="audio" preload="auto" src="/api/media/audio"></audio>
  <audio id="sources" preload="auto"><source src="/api/media/first"><source src="/api/media/second"></audio>
  <img id="none" src="/api/media/none">
  <img id="call" src="/api/other">`;

const SHOWN = `Object.fromEntries([...document.querySelectorAll('[id]')].map((each) => [each.id, each instanceof HTMLImageElement ? each.naturalWidth > 0 : each.readyState > 0]))`;
const ALL = { plain: true, set: true, picture: true, audio: true, sources: true, none: false, call: false };

describeBrowsers('media in static pages', (browser) => {
  let site: Site;
  let profile: BrowserContext;
  let page: Page;
  const asked = (path: string) => site.decisions.filter((each) => each.path === `/api/media/${path}`);
  const outcomes = (path: string) => asked(path).map(({ outcome }) => outcome);

  before(async () => {
    const picture = answer('image/gif', PICTURE);
    const audio = answer('audio/wav', silence());
    site = await startSite({
      config: {
        routes: [
          { match: 'GET /api/media/**', carriers: ['media'] },
          { match: 'GET /api/signed', sync: ['url'] },
          { match: 'POST /api/form', carriers: ['form'], contentTypes: ['application/x-www-form-urlencoded'] },
          { match: 'GET /api/file', carriers: ['navigation'] },
          { match: '/api/**' },
        ],
      },
      handlers: {
        '/api/media/plain': picture,
        '/api/media/set': picture,
        '/api/media/source': picture,
        '/api/signed': picture,
        '/api/file': answer('text/html', '<p>a file</p>'),
        '/api/form': (_request, response, body) =>
          void response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>took ${body}</p>`),
        '/api/media/audio': audio,
        '/api/media/sheet': answer('text/css', '#sheet{color:rgb(1,2,3);background:url(/api/media/plain)}'),
        '/api/media/own': picture,
        '/api/media/inline': picture,
        '/api/media/second': audio,
        '/api/media/first': answer('audio/x-nothing', 'no sound'),
        '/api/media/none': (_request, response) => void response.writeHead(404).end(),
      },
    });
  });
  after(() => site.close());
  afterEach(() => profile.close());
  beforeEach(async () => {
    site.clear();
    profile = await browser.browser.createBrowserContext();
    page = await profile.newPage();
  });

  const address = (body: string) => `${site.url}/?body=${encodeURIComponent(body)}`;
  /** Says in the end what is missing. */
  const untilShown = async () => {
    const holds = `JSON.stringify(${SHOWN}) === '${JSON.stringify(ALL)}'`;
    await page.waitForFunction(holds, { timeout: 8000 }).catch(() => {});
    assert.deepEqual(await page.evaluate(SHOWN), ALL);
  };

  /** Opens a page whose entry is held until `ripe`. */
  async function visit(url: string, ripe: () => boolean): Promise<void> {
    const held: HTTPRequest[] = [];
    let open = false;
    const hold = (request: HTTPRequest) => {
      if (!open && request.url().endsWith('/enter')) held.push(request);
      else void request.continue();
    };
    await page.setRequestInterception(true);
    page.on('request', hold);
    const opened = page.goto(url);
    await until(() => held.length > 0 && ripe());
    open = true;
    for (const request of held) void request.continue();
    await opened;
  }

  test('P7.1 a first visitor sees what the parser asked for before there was a session', async () => {
    const names = ['plain', 'set', 'source', 'audio', 'first', 'none'];
    const isAsked = () => site.decisions.some(({ path }) => path === '/api/other');
    await page.evaluateOnNewDocument(`window.renewed = new Set();
      new MutationObserver((changes) => changes.forEach(({ target }) => window.renewed.add(target.id)))
        .observe(document, { subtree: true, attributes: true, attributeFilter: ['src'] });`);
    await visit(address(BODY), () => isAsked() && names.every((name) => asked(name).length > 0));
    for (const name of names) assert.equal(outcomes(name)[0], 'refuse', name);
    await untilShown();
    // Firefox itself asks twice for an image that its preloader did not get.
    for (const name of ['plain', 'set', 'source', 'none'])
      assert.match(outcomes(name).join(' '), /^(refuse )+admit$/, name);
    assert.equal(await page.$eval('#picture', (image) => image.hasAttribute('src')), false);
    // A call's route is no image's, and the script does not try it again. What browsers ask by themselves changes no element.
    const renewed = await page.evaluate('[...window.renewed].sort()');
    assert.deepEqual(renewed, ['none', 'picture', 'plain', 'set']);
  });

  test('P7.1 reloading and going back find a session, and nothing is asked for twice', async () => {
    await page.goto(address(BODY));
    await untilShown();
    site.clear();
    await page.reload();
    await untilShown();
    for (const name of ['plain', 'set', 'source']) assert.deepEqual(outcomes(name), ['admit'], name);
    assert.deepEqual(new Set(outcomes('none')), new Set(['admit']));
    await page.goto(`${site.url}/?body=other`);
    // Waiting for the navigation would wait for a load event that a page out of the cache does not fire.
    await page.evaluate(() => void setTimeout(() => history.back()));
    await untilPage(() => page.evaluate(`document.querySelectorAll('[id]').length === 7`));
    await untilShown();
    assert.deepEqual(
      site.decisions.filter(({ path, outcome }) => path.startsWith('/api/media/') && outcome !== 'admit'),
      [],
    );
  });

  test('P7.1 an image on its way when the door opens is asked for again when it fails; a later one is not', async () => {
    await page.goto(site.url);
    // The session has been forgotten: this page's own entry makes a new one.
    await site.restart();
    site.clear();
    await visit(address('<img id="plain" src="/api/media/plain">'), () => asked('plain').length > 0);
    await page.waitForFunction(`document.querySelector('#plain').naturalWidth > 0`);
    assert.match(outcomes('plain').join(' '), /^(refuse )+admit$/);
    await page.evaluate(
      () =>
        new Promise((done) => {
          const image = new Image();
          image.onerror = done;
          image.src = '/api/media/none?later';
          document.body.append(image);
        }),
    );
    await page.evaluate(() => fetch('/api/echo').then((response) => response.text()));
    assert.deepEqual(outcomes('none'), ['admit']);
  });

  test('P7.1 a page without a bundler has an address signed, by what stands under a symbol', async () => {
    await page.goto(site.url);
    const made = await page.evaluate(`(async () => {
      const shown = window[Symbol.for('sallyport')];
      const load = (src) => new Promise((done) => { const image = new Image(); image.onload = image.onerror = ({ type }) => done(type); image.src = src; });
      const address = await shown.ask('signUrl', '/api/signed?a=1');
      return { frozen: Object.isFrozen(shown), names: Object.keys(shown), bare: await load('/api/signed?a=1'), signed: await load(address), at: new URL(address).origin === location.origin };
    })()`);
    assert.deepEqual(made, { frozen: true, names: ['ask'], bare: 'error', signed: 'load', at: true });
    assert.deepEqual(
      site.received.map(({ url }) => url),
      ['/api/signed?a=1'],
    );
  });

  test('P7.1 a form and a link pass where their routes list them', async () => {
    const body = `<form method="post" action="/api/form"><input name="a" value="b c"><button>go</button></form><a href="/api/file">file</a>`;
    for (const [click, shown] of [
      ['button', 'took a=b+c'],
      ['a', 'a file'],
    ] as const) {
      await page.goto(address(body));
      await page.evaluate(() => fetch('/api/echo').then((response) => response.text()));
      await Promise.all([page.waitForNavigation(), page.click(click)]);
      assert.equal(await page.$eval('p', (each) => each.textContent), shown);
    }
    const elsewhere = site.decisions.filter(({ path }) => path.startsWith('/api/')).map(({ outcome }) => outcome);
    assert.deepEqual(new Set(elsewhere), new Set(['admit']));
  });

  test('P7.1 a first visit gets the style sheets behind the API, and the backgrounds that sheets and elements name', async () => {
    const styled = `<link rel="stylesheet" href="/api/media/sheet"><style>#own{background:url(/api/media/own)}</style>
      <p id="sheet">one</p><p id="own">two</p><p style="background:url(/api/media/inline)">three</p>`;
    await visit(address(styled), () => ['sheet', 'own', 'inline'].every((path) => asked(path).length > 0));
    await page.waitForFunction("getComputedStyle(document.querySelector('#sheet')).color === 'rgb(1, 2, 3)'");
    await until(() => ['sheet', 'plain', 'own', 'inline'].every((path) => outcomes(path).at(-1) === 'admit'));
    for (const path of ['sheet', 'own', 'inline'])
      assert.equal(outcomes(path).filter((each) => each === 'admit').length, 1, path);
    assert.equal(await page.evaluate("document.querySelectorAll('link[rel=stylesheet]').length"), 1);
  });
});
