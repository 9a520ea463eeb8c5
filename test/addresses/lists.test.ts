import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLists } from '../../src/addresses/lists.ts';
import type { ListConfig } from '../../src/guard/config-addresses.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import type { ListStatus } from '../../src/guard/lists.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serving(t: TestContext, handler: Handler): Promise<string> {
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list?token=secret`; // bound to TCP above
}

async function opened(t: TestContext, list: ListConfig, clock = { now: 1_750_000_000_000 }) {
  const lists = await openLists({ lists: [list], fetch, wall: () => clock.now });
  t.after(() => lists.close());
  const status = (): ListStatus => lists.status()[0] as ListStatus;
  return { lists, status };
}

test('a list at an address is asked for what is newer, and what was read counts until then', async (t) => {
  let body = '192.0.2.1\n198.51.101.0/24\n';
  const asked: (string | undefined)[] = [];
  const url = await serving(t, (request, response) => {
    const tag = `"${Buffer.byteLength(body)}"`;
    asked.push(request.headers['if-none-match']);
    if (request.headers['if-none-match'] === tag) response.writeHead(304).end();
    else response.writeHead(200, { etag: tag, 'content-type': 'text/plain' }).end(body);
  });
  const clock = { now: 1_750_000_000_000 };
  const { lists, status } = await opened(t, { url, except: ['198.51.101.9'] }, clock);
  assert.match(lists.find('198.51.101.7'), /^127\.0\.0\.1:\d+\/list$/, 'without what may be a secret');
  assert.equal(lists.find('198.51.101.9'), '');
  clock.now += 1000;
  await lists.refresh();
  assert.deepEqual(asked, [undefined, '"26"']);
  assert.deepEqual([status().read, status().checked], [clock.now - 1000, clock.now]);
  body = '203.0.114.9\n';
  await lists.refresh();
  assert.equal(lists.find('198.51.101.7'), '');
  assert.notEqual(lists.find('203.0.114.9'), '');
});

const FAILURES: readonly { readonly what: string; readonly handler: Handler; readonly trouble: RegExp }[] = [
  { what: 'answers 503', handler: (_, response) => response.writeHead(503).end('1.1.1.1'), trouble: /^answers 503$/ },
  {
    what: 'answers with a page',
    handler: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('1.1.1.1'),
    trouble: /page/,
  },
  { what: 'is empty', handler: (_, response) => response.writeHead(200).end('# nothing'), trouble: /no networks/ },
  {
    what: 'is no list',
    handler: (_, response) => response.writeHead(200).end('You have been blocked.\n'),
    trouble: /no (?:networks|line)/,
  },
  {
    what: 'leads to plain HTTP elsewhere',
    handler: (_, response) => response.writeHead(302, { location: 'http://lists.example/' }).end(),
    trouble: /elsewhere/,
  },
  { what: 'breaks off', handler: (request) => request.socket.destroy(), trouble: /cannot be reached/ },
  {
    what: 'is too long',
    handler: (_, response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(1024 * 1024, '#');
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
        response.once('drain', more);
      };
      more();
    },
    trouble: /longer than 32 MiB/,
  },
];

for (const { what, handler, trouble } of FAILURES) {
  test(`the last good copy goes on counting where a list ${what}`, async (t) => {
    let answer: Handler = (_, response) => response.writeHead(200).end('192.0.2.1\n');
    const url = await serving(t, (request, response) => answer(request, response));
    const clock = { now: 1_750_000_000_000 };
    const { lists, status } = await opened(t, { url, every: 60 }, clock);
    const told: string[] = [];
    lists.onChange((list) => told.push(list.trouble));
    answer = handler;
    clock.now += 61_000;
    await lists.refresh();
    await lists.refresh();
    assert.notEqual(lists.find('192.0.2.1'), '');
    assert.equal(lists.find('1.1.1.1'), '');
    assert.match(status().trouble, trouble);
    assert.equal(status().stale, false);
    clock.now += 180_000;
    assert.equal(status().stale, true);
    answer = (_, response) => response.writeHead(200).end('192.0.2.1\n');
    await lists.refresh();
    assert.deepEqual([told.length, told[1], status().stale], [2, '', false], 'told once, and once that it is over');
  });
}

test('a list in a file is read again when it has changed; one that is not there is refused at the start', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lists-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'drop.txt');
  await assert.rejects(openLists({ lists: [{ file }], fetch, wall: Date.now }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, [
      { field: 'addresses.lists[0].file', value: JSON.stringify(file), rule: 'there is no such file' },
    ]);
    return true;
  });
  await writeFile(file, '192.0.2.1\nnonsense\n');
  const { lists, status } = await opened(t, { file });
  assert.equal(lists.find('192.0.2.1'), 'drop.txt');
  assert.deepEqual(status().brokenLines, [{ line: 2, text: 'nonsense' }]);
  await writeFile(file, '203.0.114.1\n');
  await utimes(file, 1, 1);
  await lists.refresh();
  assert.deepEqual([lists.find('192.0.2.1'), lists.find('203.0.114.1')], ['', 'drop.txt']);
  await rm(file);
  await lists.refresh();
  assert.deepEqual([lists.find('203.0.114.1'), status().trouble], ['drop.txt', 'there is no such file']);
});

test('an address that nobody on the internet has is on no list, however wide a range is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lists-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'list.txt');
  await writeFile(file, '127.0.0.1\n10.0.0.0/8\n192.167.0.0-192.169.0.0\n172.15.255.255\n::1\nfe80::/10\n');
  const { lists, status } = await opened(t, { file });
  for (const own of ['127.0.0.1', '10.1.1.1', '192.168.1.1', '::1', 'fe80::1']) assert.equal(lists.find(own), '', own);
  assert.equal(lists.find('192.167.1.1'), 'list.txt');
  assert.equal(status().reserved, 4);
});
