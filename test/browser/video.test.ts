import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { BrowserContext, HTTPRequest, Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';
import { frameOf, webm } from './webm.ts';

const SIZE = { width: 320, height: 240 };
/** Milliseconds: long enough, and heavy enough, that no browser loads all of it ahead. */
const EACH = 5000;
const COUNT = 240;
const LENGTH = COUNT * EACH + 5000;

/** A lossy picture as the browser encodes it: noise, or red. */
const picture = async (width: number, height: number, noisy: boolean): Promise<string> => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('no canvas');
  context.fillStyle = 'red';
  context.fillRect(0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  if (noisy) for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : Math.random() * 256;
  context.putImageData(pixels, 0, 0);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/webp', 0.9));
  const bytes = new Uint8Array((await blob?.arrayBuffer()) ?? []);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
};

describeBrowsers('video', (browser) => {
  let site: Site;
  let video: Buffer;
  let profile: BrowserContext;
  let page: Page;
  /** `status from` of each answer. */
  const answers: string[] = [];
  const decided = () => site.decisions.filter(({ path }) => path === '/api/media/video').map(({ outcome }) => outcome);

  /** Parts as they are asked for; the whole where none is (RFC 9110 §14.2). */
  function serve(request: IncomingMessage, response: ServerResponse): void {
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from);
    const end = to === '' ? video.length - 1 : Number(to);
    const status = from === '' ? 200 : 206;
    answers.push(`${status} ${start}`);
    response.writeHead(status, {
      'content-type': 'video/webm',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      ...(from === '' ? {} : { 'content-range': `bytes ${start}-${end}/${video.length}` }),
    });
    response.end(video.subarray(start, end + 1));
  }

  before(async () => {
    site = await startSite({
      config: { routes: [{ match: 'GET /api/media/**', carriers: ['media'] }, { match: '/api/**' }] },
      handlers: { '/api/media/video': serve },
    });
    const studio = await browser.page();
    await studio.goto(site.url);
    const make = async (noisy: boolean) =>
      frameOf(Buffer.from(await studio.evaluate(picture, SIZE.width, SIZE.height, noisy), 'base64'));
    const [noise, red] = [await make(true), await make(false)];
    const frames = Array.from({ length: COUNT }, (_, i) => ({ frame: noise, at: i * EACH }));
    // The last seconds move: a picture that nothing follows counts as the end.
    const last = Array.from({ length: 50 }, (_, i) => ({ frame: red, at: COUNT * EACH + i * 100 }));
    video = webm({ ...SIZE, duration: LENGTH, frames: [...frames, ...last] });
    assert.ok(video.length > 5_000_000, `${video.length} bytes`);
  });
  after(() => site?.close());
  beforeEach(async () => {
    site.clear();
    answers.length = 0;
    profile = await browser.browser.createBrowserContext();
    page = await profile.newPage();
  });
  afterEach(() => profile.close());

  const BODY = '<video id="video" muted preload="metadata" src="/api/media/video"></video>';
  const address = () => `${site.url}/?body=${encodeURIComponent(BODY)}`;
  const knowsLength = () =>
    page.waitForFunction(`video.readyState > 0 && Math.round(video.duration) === ${LENGTH / 1000}`);

  /** Goes to the last picture and plays to the end; answers that picture's first pixel. */
  async function playEnd(): Promise<unknown> {
    return page.evaluate(`(async () => {
      const happens = (name) => new Promise((done, fail) => {
        video.addEventListener(name, done, { once: true });
        video.addEventListener('error', () => fail(new Error(video.error.message)), { once: true });
      });
      const [sought, ended] = [happens('seeked'), happens('ended')];
      video.currentTime = video.duration - 1;
      await sought;
      await video.play();
      await ended;
      const context = document.createElement('canvas').getContext('2d');
      context.drawImage(video, 0, 0);
      const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
      return { red: red > 200, green: green > 60, blue: blue > 60, width: video.videoWidth };
    })()`);
  }

  test('P7.1 a first visitor’s video, asked for before there was a session, loads and plays at its end', async () => {
    const held: HTTPRequest[] = [];
    let open = false;
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (!open && request.url().endsWith('/enter')) held.push(request);
      else void request.continue();
    });
    const opened = page.goto(address());
    await until(() => held.length > 0 && decided().length > 0);
    assert.deepEqual(new Set(decided()), new Set(['refuse']));
    assert.deepEqual(answers, []);
    open = true;
    for (const request of held) void request.continue();
    await opened;
    await knowsLength();
    assert.deepEqual(await playEnd(), { red: true, green: false, blue: false, width: SIZE.width });
  });

  test('P7.1 with a session every part that the browser asks for is admitted, as 206', async () => {
    await page.goto(site.url);
    await page.evaluate(() => fetch('/api/echo').then((response) => response.text()));
    await page.goto(address());
    await knowsLength();
    site.clear();
    answers.length = 0;
    // Far from what has been loaded ahead: neither the start nor the index.
    await page.evaluate(`new Promise((done) => { video.onseeked = done; video.currentTime = video.duration / 2; })`);
    const middle = answers.map((each) => each.split(' ').map(Number));
    assert.ok(middle.length > 0, 'the middle was asked for');
    for (const [status, from = 0] of middle) {
      assert.equal(status, 206);
      assert.ok(from > video.length / 4, `from ${from} of ${video.length}`);
    }
    assert.deepEqual(await playEnd(), { red: true, green: false, blue: false, width: SIZE.width });
    assert.deepEqual(new Set(decided()), new Set(['admit']));
    assert.deepEqual(new Set(answers.map((each) => each.split(' ')[0])), new Set(['206']));
  });
});
