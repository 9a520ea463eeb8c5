import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createSender, type RawAnswer, type RawRequest, type Sender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { type CountingBackend, startBackend } from '../lab/backend.ts';

const SECRET = 'one secret for all the instances, long enough';
const CALL = { method: 'GET' };

const codeOf = (answer: RawAnswer): string =>
  answer.status === 200 ? 'admit' : JSON.parse(Buffer.from(answer.body).toString('utf8')).code;

describe('two instances that share their secret and nothing else', () => {
  let backend: CountingBackend;
  let one: Gate;
  let other: Gate;
  let client: WireClient;
  let toOne: Sender;
  let toOther: Sender;

  before(async () => {
    backend = await startBackend();
    const config = { to: backend.url, listen: '127.0.0.1:0', mode: 'enforce' as const };
    one = await startGate(config, { secret: SECRET });
    const target = parseTarget(`http://127.0.0.1:${one.address.port}/api/posts`);
    // As behind a load balancer: both answer for the same authority.
    other = await startGate({ ...config, hosts: [target.authority] }, { secret: SECRET });
    toOne = createSender(target);
    toOther = createSender(parseTarget(`http://127.0.0.1:${other.address.port}/api/posts`));
    client = createWireClient(target, '/', toOne);
    assert.equal((await client.open()).opened, true);
  });

  after(async () => {
    toOne?.close();
    toOther?.close();
    await one?.close({ graceMs: 0 });
    await other?.close({ graceMs: 0 });
    await backend?.close();
  });

  test('R49 a request is admitted once in all, whichever instance a copy of it reaches first', async () => {
    for (const order of [
      [toOther, toOne, toOther, toOne],
      [toOne, toOther, toOne, toOther],
    ]) {
      const captured: RawRequest = client.sign(CALL);
      const served = backend.served();
      const codes: string[] = [];
      for (const sender of order) codes.push(codeOf(await sender.send(captured)));
      assert.deepEqual(codes.toSorted(), ['admit', 'replayed', 'wrong-instance', 'wrong-instance']);
      assert.equal(backend.served() - served, 1);
    }
  });

  test('a restart with the same secret takes no request from before, and the page enters anew', async () => {
    const captured = client.sign(CALL);
    const port = one.address.port;
    await one.close({ graceMs: 0 });
    one = await startGate({ to: backend.url, listen: `127.0.0.1:${port}`, mode: 'enforce' }, { secret: SECRET });
    assert.ok(['stale', 'wrong-instance'].includes(codeOf(await toOne.send(captured))));
    assert.equal((await client.open()).opened, true);
    assert.equal(codeOf(await client.call(CALL)), 'admit');
  });
});

describe('the gate’s own addresses', () => {
  test('R34 GET and HEAD change nothing: no session, no cookie, no entry', async () => {
    const backend = await startBackend();
    const gate = await startGate({ to: backend.url, listen: '127.0.0.1:0', mode: 'enforce', mint: { perPrefix: 1 } });
    const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api/posts`);
    const sender = createSender(target);
    try {
      for (const method of ['GET', 'HEAD']) {
        const site = ['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', 'cors', 'X-Requested-With', 'test'];
        const fields = ['Host', target.authority, ...site];
        const answer = await sender.send({ method, target: '/_sallyport/enter', fields, body: null });
        assert.equal(answer.status, 405, `${method}: ${Buffer.from(answer.body)}`);
        assert.ok(!answer.fields.some((name) => name.toLowerCase() === 'set-cookie'));
      }
      // The one session that this address may open is still to be had.
      assert.equal((await createWireClient(target, '/', sender).open()).opened, true);
    } finally {
      sender.close();
      await gate.close({ graceMs: 0 });
      await backend.close();
    }
  });
});
