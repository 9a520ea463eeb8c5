import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createNodeHandler } from '../../src/adapters/node.ts';
import type { Config } from '../../src/guard/config.ts';
import type { State } from '../../src/guard/state.ts';
import { createGuard, createMemoryState } from '../../src/index.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';

/** Rules of use that need the answer, where the guard stands inside somebody's server. */

type App = (request: IncomingMessage, response: ServerResponse) => void;

async function place(t: TestContext, routes: Config['routes'], app: App, state: State = createMemoryState()) {
  let handle: App = () => {};
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // bound to TCP above
  const guard = await createGuard(
    {
      mode: 'enforce',
      hosts: [`127.0.0.1:${port}`],
      clients: { default: { origins: ['self'], stamp: 'waive' } },
      routes: routes ?? [],
    },
    { state },
  );
  handle = createNodeHandler(guard, app);
  const target = parseTarget(`http://127.0.0.1:${port}/api`);
  const sender = createSender(target);
  t.after(async () => {
    sender.close();
    server.closeAllConnections();
    server.close();
    await guard.close();
  });
  return async (): Promise<WireClient> => {
    const client = createWireClient(target, '/', sender);
    const opening = await client.open();
    assert.ok(opening.opened, opening.why);
    return client;
  };
}

const BODY = { body: Buffer.from('{}'), contentType: 'application/json' };

/** `200`, or the code of a refusal. */
async function outcome(client: WireClient, method: string, at: string): Promise<string> {
  const answer = await client.call({ method, at, ...(method === 'POST' ? BODY : {}) });
  if (answer.status < 400) return String(answer.status);
  const problem: unknown = JSON.parse(Buffer.from(answer.body).toString() || '{}');
  return (problem as { code?: string }).code ?? String(answer.status);
}

const SHOP: Config['routes'] = [
  { match: 'POST /api/cart' },
  { match: 'POST /api/pay', after: 'POST /api/cart', once: true },
];

const WAYS: Readonly<Record<string, (response: ServerResponse, status: number) => void>> = {
  'a status and an end': (response, status) => {
    response.statusCode = status;
    response.end('{}');
  },
  'a head, pieces and an end': (response, status) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.write('{');
    response.end('}');
  },
  'a head that goes first': (response, status) => {
    response.statusCode = status;
    response.flushHeaders();
    response.end('{}');
  },
};

for (const [way, answer] of Object.entries(WAYS)) {
  test(`R65 behind the middleware a step is done by what the app answers: ${way}`, async (t) => {
    let status = 500;
    const page = await place(t, SHOP, (request, response) => {
      request.resume();
      answer(response, status);
    });
    const client = await page();
    await outcome(client, 'POST', '/api/cart');
    assert.equal(await outcome(client, 'POST', '/api/pay'), 'order', 'the app refused the cart');
    status = 200;
    assert.equal(await outcome(client, 'POST', '/api/cart'), '200');
    status = 500;
    assert.equal(await outcome(client, 'POST', '/api/pay'), '500');
    status = 200;
    assert.equal(await outcome(client, 'POST', '/api/pay'), '200', 'what the app refused may be made again');
    assert.equal(await outcome(client, 'POST', '/api/pay'), 'order');
  });
}

const POSTS: Config['routes'] = [
  { match: 'GET /api/posts' },
  { match: 'GET /api/posts/:id', served: { from: 'GET /api/posts', at: '$[*].id', linked: 0 } },
];

const list: App = ({ url }, response) => {
  if (url !== '/api/posts') {
    response.end();
    return;
  }
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.write('[{"id":"a');
  response.write(Buffer.from('7"},'));
  response.end('{"id":"b8"}]', 'latin1');
};

test('R65 behind the middleware ids are given by what the app writes', async (t) => {
  const page = await place(t, POSTS, list);
  const [client, other] = [await page(), await page()];
  assert.equal(await outcome(client, 'GET', '/api/posts/a7'), 'not-served');
  assert.equal(
    Buffer.from((await client.call({ method: 'GET', at: '/api/posts' })).body).toString(),
    '[{"id":"a7"},{"id":"b8"}]',
  );
  for (const id of ['a7', 'b8']) assert.equal(await outcome(client, 'GET', `/api/posts/${id}`), '200', id);
  assert.equal(await outcome(other, 'GET', '/api/posts/a7'), 'not-served');
});

/** Memory that takes its time, as state elsewhere does; `broken` once it is away. */
function slowly(broken: () => boolean): State {
  const memory = createMemoryState();
  const later = async (does: () => unknown): Promise<void> => {
    await new Promise((done) => setImmediate(done));
    if (broken()) throw new Error('away');
    await does();
  };
  return new Proxy(memory, {
    get(of, name) {
      if (name === 'serve') return (...args: Parameters<State['serve']>) => later(() => of.serve(...args));
      if (name === 'done') return (...args: Parameters<State['done']>) => later(() => of.done(...args));
      if (name === 'settle') return (...args: Parameters<State['settle']>) => later(() => of.settle(...args));
      const value: unknown = Reflect.get(of, name);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

test('R65 what the app writes waits, in order, for state that is elsewhere, and is never seen where that is away', async (t) => {
  let away = false;
  const page = await place(
    t,
    POSTS,
    list,
    slowly(() => away),
  );
  const client = await page();
  const answer = await client.call({ method: 'GET', at: '/api/posts' });
  assert.equal(Buffer.from(answer.body).toString(), '[{"id":"a7"},{"id":"b8"}]');
  assert.equal(await outcome(client, 'GET', '/api/posts/b8'), '200');
  away = true;
  const seen = await client.call({ method: 'GET', at: '/api/posts' }).catch(() => null);
  assert.doesNotMatch(Buffer.from(seen?.body ?? '').toString(), /a7|b8/);
});

/** Memory whose commit comes a turn later, as that of a server does: a handler that throws then throws into a promise. */
function committedLater(): State {
  const memory = createMemoryState();
  return new Proxy(memory, {
    get(of, name) {
      if (name === 'commit') return async (...args: Parameters<State['commit']>) => of.commit(...args);
      const value: unknown = Reflect.get(of, name);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

test('behind the middleware a call has nothing open any more when the app threw before it answered', async (t) => {
  let isBroken = true;
  const app: App = (request, response) => {
    request.resume();
    if (isBroken && request.url === '/api/ask') throw new Error('a slip of the app');
    response.end('{}');
  };
  const page = await place(t, [{ match: 'POST /api/ask', concurrent: { session: 1 } }], app, committedLater());
  const client = await page();
  const lost = await client.call({ method: 'POST', at: '/api/ask', ...BODY });
  assert.notEqual(lost.status, 200, 'the app gave no answer');
  isBroken = false;
  assert.equal(await outcome(client, 'POST', '/api/ask'), '200');
});

test('R74 a rule that needs what only the gate sees is refused when the handler is made, by field and rule', async (t) => {
  const served = { param: 'id', from: 'GET /api/posts', at: '$[*].id' };
  const routes: NonNullable<Config['routes']> = [
    { match: 'POST /api/ask', cost: { max: '0.01 USD', actual: () => 0 }, budget: '1 USD/day' },
    { match: 'GET /api/posts' },
    { match: 'GET /api/posts/:id', served: { ...served, pages: '/posts/:id' } },
  ];
  const guard = await createGuard({ hosts: ['127.0.0.1'], routes, records: 'memory' });
  t.after(() => guard.close());
  assert.throws(
    () => createNodeHandler(guard, () => {}),
    /^ConfigError: config: routes\[0\]\.cost\.actual is set for POST \/api\/ask; only the gate reads.*\nconfig: routes\[2\]\.served\.pages is/,
  );
});

test('what only the gate sees is refused by a reload, too, and then everything stays as it was', async (t) => {
  const first: Config = { hosts: ['127.0.0.1'], routes: [{ match: 'POST /api/ask' }], records: 'memory' };
  const guard = await createGuard(first);
  t.after(() => guard.close());
  const cost = { max: '0.01 USD', actual: () => 0 };
  const paid: Config = { ...first, budget: '1 USD/day', routes: [{ match: 'POST /api/ask', cost }] };
  // Before a handler is made, nobody knows what will serve by this guard.
  guard.reload(paid);
  guard.reload(first);
  createNodeHandler(guard, () => {});
  const { policy } = guard;
  assert.throws(
    () => guard.reload(paid),
    /^ConfigError: config: routes\[0\]\.cost\.actual is set for POST \/api\/ask; only the gate reads/,
  );
  assert.equal(guard.policy, policy);
  guard.reload({ ...paid, routes: [{ match: 'POST /api/ask', cost: { max: '0.01 USD' } }] });
  assert.notEqual(guard.policy, policy);
});

test('the same rules without those fields are kept', async (t) => {
  const served = { param: 'id', from: 'GET /api/posts', at: '$[*].id' };
  const routes: NonNullable<Config['routes']> = [
    { match: 'POST /api/ask', cost: { max: '0.01 USD' }, budget: '1 USD/day' },
    { match: 'GET /api/posts' },
    { match: 'GET /api/posts/:id', served },
  ];
  const guard = await createGuard({ hosts: ['127.0.0.1'], routes, records: 'memory' });
  t.after(() => guard.close());
  assert.equal(typeof createNodeHandler(guard, () => {}), 'function');
});
