import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Gate, type StartParts, startGate } from '../../src/gateway/index.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import type { NewBan } from '../../src/guard/ban-rule.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import type { Config } from '../../src/guard/config.ts';

const BODY = { body: Buffer.from('{}'), contentType: 'application/json' };

/** Networks at the real gate. Who calls is what the listed proxy, this machine, says. */
async function place(t: TestContext, config: Config, parts: StartParts = {}): Promise<Gate> {
  const backend = createServer((_request, response) => void response.end('hello'));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  const gate = await startGate(
    {
      to: `http://127.0.0.1:${port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      trustedProxies: ['127.0.0.0/8'],
      ...config,
    },
    parts,
  );
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    backend.closeAllConnections();
    backend.close();
  });
  return gate;
}

async function from(gate: Gate, address: string, path = '/'): Promise<number> {
  const headers = address === '' ? {} : { 'x-forwarded-for': address };
  const answer = await fetch(`http://127.0.0.1:${gate.address.port}${path}`, { headers });
  await answer.text();
  return answer.status;
}

async function listFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lists-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'drop.txt');
  await writeFile(file, text);
  return file;
}

test('a published list keeps its networks out, and nobody else', async (t) => {
  const file = await listFile(t, '203.0.113.0/24 ; a note\n127.0.0.0/8\n');
  const gate = await place(t, { addresses: { lists: [{ file }] }, open: ['/hook'] });
  assert.equal(await from(gate, '203.0.113.9'), 403);
  assert.equal(await from(gate, '203.0.113.9', '/hook'), 200);
  assert.equal(await from(gate, '203.0.112.9'), 200);
  assert.equal(await from(gate, ''), 200, 'the proxy itself');
  assert.deepEqual(
    gate.guard.lists?.status().map(({ name, networks, reserved }) => [name, networks, reserved]),
    [['drop.txt', 1, 1]],
  );
});

test('P6.5 three banned sessions close the door to new ones of their network; who is inside goes on, and comes back', async (t) => {
  const kept: NewBan[] = [];
  const gate = await place(
    t,
    {
      bans: { after: 3, prefix: 600 },
      routes: [{ match: 'GET /api/posts' }, { match: 'POST /api/pay', after: 'GET /api/posts' }],
    },
    { keepBan: async (ban) => kept.push(ban) > 0 },
  );
  const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api/posts`);
  const page = async () => {
    const sender = createSender(target);
    t.after(() => sender.close());
    const client = createWireClient(target, '/', sender);
    return { client, opened: await client.open() };
  };
  const neighbour = await page();
  for (let i = 0; i < 3; i++) {
    const { client } = await page();
    for (let call = 0; call < 3; call++) {
      const answer = await client.call({ method: 'POST', at: '/api/pay', ...BODY });
      assert.match(Buffer.from(answer.body).toString(), /"code":"order"/);
    }
  }
  assert.deepEqual(
    kept.map(({ kind }) => kind),
    ['session', 'session', 'session', 'prefix'],
  );
  const late = await page();
  assert.deepEqual([late.opened.opened, /banned|403/.test(late.opened.why)], [false, true]);
  assert.equal((await neighbour.client.call({ method: 'GET', at: '/api/posts' })).status, 200);
  assert.equal((await neighbour.client.open()).opened, true, 'and may load the page anew');
});

test('networks are taken up by a reload; other lists are not, and that is said', async (t) => {
  const file = await listFile(t, '203.0.113.0/24\n');
  const gate = await place(t, { addresses: { lists: [{ file }] } });
  gate.reload({ ...gate.config, addresses: { lists: [{ file }], deny: ['198.51.100.0/24'] } });
  assert.equal(await from(gate, '198.51.100.1'), 403);
  assert.throws(
    () => gate.reload({ ...gate.config, addresses: {} }),
    (error) => error instanceof ConfigError && error.problems[0]?.field === 'addresses.lists',
  );
  assert.equal(await from(gate, '203.0.113.9'), 403);
});
