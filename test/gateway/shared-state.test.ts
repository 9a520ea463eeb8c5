import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import { ConfigError, SallyportError } from '../../src/guard/errors.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { kindOf } from '../../src/lab/answer.ts';
import { createSender, type RawAnswer, type RawRequest } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

/** Several whole gates with one state on a real server. */

const SECRET = 'a secret that all gates of this test have';

interface Place {
  readonly redis: RedisServer;
  readonly gates: readonly Gate[];
  /** Calls that reached the backend. */
  readonly calls: string[];
  /** A page that entered at the first gate. */
  page(): Promise<WireClient>;
  /** The same bytes, sent to one of them; what it is refused with, '' where the backend answered. */
  send(gate: number, request: RawRequest): Promise<string>;
}

async function place(t: TestContext, config: Config = {}, count = 2): Promise<Place> {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const calls: string[] = [];
  const backend = createServer((request, response) => {
    request.resume();
    if (request.url === '/') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
    calls.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const to = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`; // bound to TCP above
  const gates: Gate[] = [];
  t.after(async () => {
    for (const gate of gates) await gate.close({ graceMs: 0 });
    backend.closeAllConnections();
    backend.close();
  });
  const common: Config = { mode: 'enforce', to, state: redis.url, listen: '127.0.0.1:0', ...config };
  for (let index = 0; index < count; index++) {
    const hosts = gates.map(({ address }) => `127.0.0.1:${address.port}`);
    gates.push(await startGate({ ...common, hosts }, { secret: SECRET }));
  }
  const senders = gates.map(({ address }) => createSender(parseTarget(`http://127.0.0.1:${address.port}/api`)));
  t.after(() => senders.map((sender) => sender.close()));
  return {
    redis,
    gates,
    calls,
    async page() {
      const target = parseTarget(`http://127.0.0.1:${gates[0]?.address.port}/api`);
      const client = createWireClient(target, '/', senders[0] ?? assert.fail());
      const opening = await client.open();
      assert.ok(opening.opened, opening.why);
      return client;
    },
    send: async (gate, request) => codeOf((await senders[gate]?.send(request)) ?? assert.fail()),
  };
}

function codeOf(answer: RawAnswer): string {
  const kind = kindOf(answer);
  return kind.by === 'gate' ? kind.code : kind.by === 'backend' ? '' : kind.why;
}

const post = (client: WireClient, at: string): RawRequest =>
  client.sign({ method: 'POST', at, body: Buffer.from('{}'), contentType: 'application/json' });

test('P2.1 what entered at one gate calls at another, and a captured call is admitted once by all of them', async (t) => {
  const { page, send, calls } = await place(t, {}, 3);
  const client = await page();
  assert.equal(await send(1, post(client, '/api/a')), '');
  for (let call = 0; call < 20; call++) {
    const captured = post(client, `/api/once/${call}`);
    const codes = await Promise.all([0, 1, 2, 0, 1, 2].map((gate) => send(gate, captured)));
    assert.deepEqual(codes.toSorted(), ['', ...Array.from({ length: 5 }, () => 'replayed')]);
  }
  assert.equal(new Set(calls).size, calls.length);
});

test('R60 a limit of a session holds over all gates together', async (t) => {
  const { page, send } = await place(t, { limit: { rate: '6/hour', burst: 6 } });
  const client = await page();
  const codes: string[] = [];
  for (let call = 0; call < 10; call++) codes.push(await send(call % 2, client.sign({ method: 'GET', at: '/api/a' })));
  assert.deepEqual(codes, [...Array.from({ length: 6 }, () => ''), ...Array.from({ length: 4 }, () => 'limit')]);
});

test('P3.6 the store goes away and comes back empty: reads go on, nothing is repeated, and the page enters again', async (t) => {
  const { page, send, redis, calls } = await place(t);
  const client = await page();
  const used = post(client, '/api/used');
  assert.equal(await send(0, used), '');
  const kept = post(client, '/api/kept');
  await redis.kill();
  assert.equal(await send(0, client.sign({ method: 'GET', at: '/api/read' })), '');
  assert.equal(await send(1, kept), 'unsure');
  assert.equal(await send(1, used), 'unsure');
  const entering = await client.open();
  assert.deepEqual([entering.opened, entering.kind.by === 'gate' && entering.kind.code], [false, 'unsure']);
  await redis.start();
  for (const request of [used, kept]) {
    let code = 'unsure';
    while (code === 'unsure') code = await send(1, request);
    assert.equal(code, 'stale', 'its window was lost with the store');
  }
  const again = await page();
  assert.equal(await send(1, post(again, '/api/again')), '');
  assert.deepEqual(calls, ['POST /api/used', 'GET /api/read', 'POST /api/again']);
});

test('P3.6 whenUnsure: refuse lets no read go on either', async (t) => {
  const { page, send, redis } = await place(t, { whenUnsure: 'refuse' }, 1);
  const client = await page();
  await redis.kill();
  assert.equal(await send(0, client.sign({ method: 'GET', at: '/api/read' })), 'unsure');
});

const nowhere: Config = { to: 'http://127.0.0.1:9', listen: '127.0.0.1:0', state: 'redis://me:hidden@127.0.0.1:1/0' };

test('a state that cannot be used is said at the start, without what opens it', async () => {
  await assert.rejects(
    startGate(nowhere, { secret: SECRET }),
    (error) =>
      error instanceof SallyportError &&
      /redis:\/\/127\.0\.0\.1:1/.test(error.message) &&
      !/hidden/.test(error.message),
  );
  await assert.rejects(
    startGate(nowhere, { secret: '' }),
    (error) => error instanceof ConfigError && /SALLYPORT_SECRET/.test(error.message) && !/hidden/.test(error.message),
  );
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['mysql://a:hidden@b', /redis:/],
  ['redis://', /name the host|URL/],
  ['redis://h/x', /number/],
  ['redis://a/1,redis://b/1', /Cluster/],
  ['localhost:6379', /redis:/],
  ['redis://u:hid%den@h', /%25/],
];
for (const [state, message] of WRONG) {
  test(`the state ${state} is refused by its rule`, () => {
    assert.throws(
      () => parseConfig({ state }, 'file'),
      (error) => error instanceof ConfigError && message.test(error.message) && !/hidden|hid%den/.test(error.message),
    );
  });
}
