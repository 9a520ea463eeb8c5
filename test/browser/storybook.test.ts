import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ConsoleMessage, Page } from 'puppeteer-core';
import { buildApp, STORYBOOK } from './apps.ts';
import { describeBrowsers } from './browsers.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** By fetch, by fetch with a body, by XMLHttpRequest: what MSW answers, and what it found of the script's on the call. */
const MOCKED = [
  { status: 200, title: 'mocked', signed: [] },
  { status: 201, title: 'posted', signed: [] },
  { status: 200, title: 'mocked', signed: [] },
];

const ENTER = '/_sallyport/enter';

describe('a Storybook that imports sallyport/browser, its API mocked by MSW', () => {
  let server: Server;
  let home = '';
  /** What was asked for that is no file of the build: calls that MSW let through. */
  const missed: string[] = [];

  before(async () => {
    const folder = await buildApp(STORYBOOK);
    server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://storybook');
      // Browsers ask for it by themselves, and only for their first page.
      if (pathname === '/favicon.ico') return response.writeHead(204).end();
      const file = pathname === '/' ? '/index.html' : pathname;
      const body = request.method === 'GET' ? await readFile(join(folder, file)).catch(() => null) : null;
      if (body !== null) return response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? '' }).end(body);
      missed.push(`${request.method} ${pathname}`);
      return response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    home = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  });

  /** What the story shows, and what the browser complains of meanwhile. */
  async function show(page: Page, address: string): Promise<{ shown: unknown; complaints: ConsoleMessage[] }> {
    const complaints: ConsoleMessage[] = [];
    page.on('console', (message) => {
      if (/^(?:error|warn)/.test(message.type())) complaints.push(message);
    });
    let fault = '';
    page.on('pageerror', (thrown) => {
      fault += String(thrown);
    });
    const abroad: string[] = [];
    page.on('request', (request) => {
      if (/^(?:http|ws)/.test(request.url()) && !request.url().startsWith(home)) abroad.push(request.url());
    });
    missed.length = 0;
    await page.goto(home + address);
    const frame = await page.waitForFrame((each) => each.url().includes('/iframe.html'));
    await frame.waitForFunction(() => document.querySelector('output')?.textContent);
    const text = await frame.$eval('output', (output) => output.textContent ?? '');
    assert.equal(fault, '');
    assert.deepEqual(abroad, []);
    return { shown: JSON.parse(text), complaints };
  }

  describeBrowsers('without a gate', (browser) => {
    const inTab = async (use: (page: Page) => Promise<void>) => {
      const page = await browser.newPage();
      try {
        await use(page);
      } finally {
        await page.close();
      }
    };

    test('P4.1 a story loads without a complaint, and MSW gets its calls as they are', () =>
      inTab(async (page) => {
        const { shown, complaints } = await show(page, '/iframe.html?id=posts--calls&viewMode=story');
        assert.deepEqual(shown, MOCKED);
        assert.deepEqual(complaints.map(wordsOf), []);
        assert.deepEqual(missed, []);
      }));

    test('P4.1 so it does inside of Storybook', () =>
      inTab(async (page) => {
        const { shown, complaints } = await show(page, '/?path=/story/posts--calls');
        assert.deepEqual(shown, MOCKED);
        // Storybook warns of matters of its own.
        const errors = complaints.filter((message) => message.type() === 'error');
        assert.deepEqual(errors.map(wordsOf), []);
        assert.deepEqual(missed, []);
      }));

    test('P4.1 mocks that do not mention the gate work as well, at the price of a warning about one request', () =>
      inTab(async (page) => {
        const { shown, complaints } = await show(page, '/iframe.html?id=posts--unmentioned&viewMode=story');
        assert.deepEqual(shown, MOCKED);
        assert.ok(complaints.some((message) => message.text().startsWith('[MSW] Warning')));
        assert.deepEqual(
          complaints.map(wordsOf).filter((words) => !words.includes(ENTER)),
          [],
        );
        assert.deepEqual(missed, [`POST ${ENTER}`]);
      }));
  });
});

const wordsOf = (message: ConsoleMessage): string => `${message.type()}: ${message.text()} ${message.location().url}`;
