import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Page } from 'puppeteer-core';
import type { Config } from '../../src/guard/config.ts';
import type { TestBrowser } from './browsers.ts';
import { type Site, startSite } from './site.ts';

/** A network that breaks off what the page's script loads on demand: the app notices nothing. */

/** One call by each means at once, some of them by parts that others ask for too. */
const CALLS = `(() => {
  const form = () => { const made = new FormData(); made.append('file', new File(['contents'], 'a.txt')); return made; };
  const post = (body) => ({ method: 'POST', body });
  const status = async (asked) => (await asked).status;
  const xhr = (url, body) => new Promise((done) => { const made = new XMLHttpRequest(); made.onloadend = () => done(made.status); made.open('POST', url); made.send(body); });
  const feed = (url) => new Promise((done) => { const made = new EventSource(url); made.onmessage = ({ data }) => { made.close(); done(data); }; made.onerror = () => made.readyState === 2 && done('closed'); });
  const socket = () => new Promise((done) => { const made = new WebSocket('ws://' + location.host + '/api/socket'); made.onopen = () => { made.close(); done('open'); }; made.onerror = () => done('error'); });
  const signed = async () => status(fetch(await self[Symbol.for('sallyport')].ask('signUrl', '/api/echo/address')));
  return Promise.all([
    status(fetch('/api/echo/1', post('text'))), status(fetch('/api/echo/2', post(form()))),
    xhr('/api/echo/3', 'text'), xhr('/api/echo/4', form()), feed('/api/feed'), socket(), signed(),
    status(fetch('/api/hidden/5', post('text'))), status(fetch('/api/hidden/6', post(form()))),
    xhr('/api/hidden/7', 'text'), xhr('/api/hidden/8', form()), feed('/api/hidden/feed'),
  ]);
})()`;
const ALL_PASSED = [200, 200, 200, 200, 'said', 'open', 200, 200, 200, 200, 200, 'said'];
const PARTS = ['account', 'body', 'events', 'sealed', 'sealed-xhr', 'socket', 'sync', 'xhr'];

/** The way to a gate, on which the first answers with each part break off within their body. */
interface Breaking {
  readonly port: number;
  /** How many of each part do. */
  times: number;
  /** How many did. */
  readonly broken: Map<string, number>;
  close(): Promise<void>;
}

async function openBreaking(to: () => number): Promise<Breaking> {
  const open = new Set<Socket>();
  const broken = new Map<string, number>();
  const server = createServer((browser) => {
    const gate = connect(to(), '127.0.0.1');
    for (const socket of [browser, gate]) {
      open.add(socket);
      const end = (): void => void [browser.destroy(), gate.destroy()];
      socket
        .on('error', end)
        .on('end', end)
        .on('close', () => open.delete(socket));
    }
    /** Of an answer that breaks off, as much as has come; null while none does. */
    let head: Buffer | null = null;
    browser.on('data', (piece) => {
      const [, name = ''] = /^GET \/_sallyport\/([a-z-]{2,})\.[0-9a-f]{16}\.js /.exec(piece.toString('latin1')) ?? [];
      const times = broken.get(name) ?? 0;
      if (name !== '' && times < line.times) {
        head = Buffer.alloc(0);
        broken.set(name, times + 1);
      }
      gate.write(piece);
    });
    gate.on('data', (piece) => {
      if (head === null) return void browser.write(piece);
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      gate.destroy();
      return void browser.end(head.subarray(0, end + 14));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line: Breaking = {
    port: (server.address() as AddressInfo).port, // bound to TCP above
    times: 1,
    broken,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
  return line;
}

const SITES: readonly { readonly name: string; readonly config: Partial<Config> }[] = [
  { name: 'as it is', config: {} },
  { name: 'of a build', config: { builds: 'hour' } },
];

/** A network that breaks off what the page’s script loads on demand: the app notices nothing. In a browser that is there. */
export function testBrokenParts(browser: TestBrowser): void {
  for (const { name, config } of SITES) {
    test(`P7.1 parts of the script ${name} whose load breaks are asked for again, and every call of the app passes`, async () => {
      const { site, line, page, close } = await openSite(config);
      try {
        assert.deepEqual(await page.evaluate(CALLS), ALL_PASSED);
        assert.deepEqual([...line.broken.keys()].filter((part) => part !== 'refused').sort(), PARTS);
        // The ticket is of a gate that is gone: what deals with that is loaded now.
        await site.restart();
        assert.equal(await page.evaluate(`fetch('/api/echo').then(({ status }) => status)`), 200);
        assert.ok(line.broken.has('refused'));
        const codes = site.decisions.flatMap(({ outcome, code }) => (outcome === 'admit' ? [] : [code]));
        assert.deepEqual(codes, ['wrong-instance']);
      } finally {
        await close();
      }
    });
  }

  test('P7.1 where parts of the script never come, XMLHttpRequest goes out as the app made it, but not what the app gave up', async () => {
    const { site, line, page, close } = await openSite({});
    try {
      line.times = Number.POSITIVE_INFINITY;
      await page.goto(`http://127.0.0.1:${line.port}/`);
      const got = await page.evaluate(`(() => {
        const xhr = (url, act) => new Promise((done) => {
          const made = new XMLHttpRequest();
          made.onloadend = () => done(made.status);
          made.open('POST', url);
          made.setRequestHeader('content-type', 'application/json');
          act(made, done);
        });
        return xhr('/api/site/1', (made) => made.send('{}')).then(async (first) => [
          first,
          await xhr('/api/site/2', (made, done) => { made.send('{}'); made.abort(); done('given up'); }),
          await xhr('/api/site/3', (made) => setTimeout(() => made.send('{}'), 300)),
        ]);
      })()`);
      assert.deepEqual(got, [200, 'given up', 200]);
      const sent = site.received.map(({ url, headers }) => `${url} ${headers['content-type']}`);
      assert.deepEqual(sent, ['/api/site/1 application/json', '/api/site/3 application/json']);
    } finally {
      await close();
    }
  });

  async function openSite(config: Partial<Config>): Promise<{
    readonly site: Site;
    readonly line: Breaking;
    readonly page: Page;
    close(): Promise<void>;
  }> {
    let port = 0;
    const line = await openBreaking(() => port);
    const site = await startSite({
      config: {
        public: `http://127.0.0.1:${line.port}`,
        routes: [
          { match: '/api/hidden/**', sealed: true },
          { match: '/api/socket', carriers: ['socket'] },
          { match: 'GET /api/echo/address', sync: ['url'] },
          { match: '/api/site/**', level: 'site' },
          { match: '/api/**' },
        ],
        ...config,
      },
      handlers: Object.fromEntries(
        ['/api/feed', '/api/hidden/feed'].map((path) => [
          path,
          (_request, response) =>
            void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: said\n\n'),
        ]),
      ),
      // What differs of a build are its names; the work of writing it otherwise says nothing here.
      parts: async () => ({ makeBuild: async (texts) => texts, secret: 'a secret of this test, long enough for all' }),
    });
    port = site.gate.address.port;
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${line.port}/`);
    const close = async (): Promise<void> => {
      await page.close();
      await line.close();
      await site.close();
    };
    return { site, line, page, close };
  }
}
