import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { RouteConfig } from '../../src/guard/config.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { createRecords } from '../../src/stores/records/open.ts';

/** A form without scripts, in a tab that was loaded before somebody else logged in there. */

const PASSWORD = 'correct horse battery';
const NAVIGATION = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

async function place(t: TestContext, form: Partial<RouteConfig> = {}) {
  const sent: string[] = [];
  const backend = createServer((message, response) => {
    let text = '';
    message.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    message.on('end', () => {
      if (message.method === 'POST') sent.push(text);
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' });
      response.end('<!doctype html><title>app</title><form method="post" action="/notes"><input name="text"></form>');
    });
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const records = await createRecords('memory', { secret: 'a secret of the tests, 32 long at least' });
  const contentTypes = ['application/x-www-form-urlencoded'];
  const gate = await startGate(
    {
      to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`, // bound to TCP above
      listen: '127.0.0.1:0',
      mode: 'enforce',
      login: { accounts: { signUp: 'open' } },
      protect: ['/notes'],
      routes: [{ match: 'POST /notes', carriers: ['form'], user: true, contentTypes, ...form }],
    },
    { records },
  );
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    await records.close();
    backend.closeAllConnections();
    backend.close();
  });
  return { gate, sent };
}

async function browser(t: TestContext, gate: Gate): Promise<WireClient> {
  const target = parseTarget(`http://127.0.0.1:${gate.address.port}/notes`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  assert.ok((await client.open()).opened);
  return client;
}

async function enterAs(client: WireClient, path: '/signup' | '/login', name: string): Promise<void> {
  const answer = await client.ask(path, { name, password: PASSWORD });
  assert.equal(answer.status, 200, Buffer.from(answer.body).toString());
  assert.ok((await client.open()).opened);
}

/** The page as its browser opens it by now: its token, and the cookies that it came with. */
async function load({ address }: Gate, client: WireClient): Promise<{ token: string; cookie: string }> {
  const origin = `http://127.0.0.1:${address.port}`;
  const { headers, body } = await request(`${origin}/`, { headers: { ...NAVIGATION, cookie: client.cookies() } });
  const token = /name="_csrf" value="([^"]+)"/.exec(await body.text())?.[1] ?? '';
  const form = [headers['set-cookie'] ?? []].flat().find((one) => one.startsWith('__Host-sallyport-form='));
  return { token, cookie: form?.split(';')[0] ?? '' };
}

async function submit({ address }: Gate, client: WireClient, page: { token: string; cookie: string }) {
  const origin = `http://127.0.0.1:${address.port}`;
  const { statusCode, body } = await request(`${origin}/notes`, {
    method: 'POST',
    headers: {
      ...NAVIGATION,
      origin,
      'content-type': 'application/x-www-form-urlencoded',
      cookie: [client.cookies(), page.cookie].filter((one) => one !== '').join('; '),
    },
    body: new URLSearchParams({ text: 'half-typed', _csrf: page.token }).toString(),
  });
  return { status: statusCode, text: await body.text() };
}

test('R30 what was typed into a page of one login is not sent as another, though nobody configured tokens', async (t) => {
  const { gate, sent } = await place(t);
  await enterAs(await browser(t, gate), '/signup', 'bob');
  const client = await browser(t, gate);
  await enterAs(client, '/signup', 'ada');
  const adas = await load(gate, client);
  assert.notEqual(adas.token, '', 'pages get the token by themselves');
  await enterAs(client, '/login', 'bob');
  const refused = await submit(gate, client, adas);
  assert.equal(refused.status, 403);
  assert.match(refused.text, /anti-forgery/);
  assert.deepEqual(sent, []);
  const bobs = await load(gate, client);
  assert.equal((await submit(gate, client, bobs)).status, 200, 'his own page is his');
  assert.equal(sent.length, 1);
});

test('R30 honest: a form of the same login passes, from a page that was loaded a while ago, too', async (t) => {
  const { gate, sent } = await place(t);
  const client = await browser(t, gate);
  await enterAs(client, '/signup', 'ada');
  const page = await load(gate, client);
  assert.ok((await client.open()).opened, 'another tab enters meanwhile');
  assert.equal((await submit(gate, client, page)).status, 200);
  assert.deepEqual(sent.length, 1);
});

test('R30 who leaves the token out in so many words has it left out', async (t) => {
  const { gate, sent } = await place(t, { antiForgery: 'off' });
  const client = await browser(t, gate);
  await enterAs(client, '/signup', 'ada');
  const page = await load(gate, client);
  assert.equal(page.token, '');
  assert.equal((await submit(gate, client, page)).status, 200);
  assert.equal(sent.length, 1);
});
