import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { SEALED_TYPE } from '../../src/wire/sealed.ts';
import { behindGate, behindMiddleware, type SealedApp, type Visitor } from './sealed-support.ts';

for (const [name, start] of [
  ['the gate', behindGate],
  ['the middleware', behindMiddleware],
] as const)
  describe(`sealed calls behind ${name}`, () => {
    let app: SealedApp;
    let visitor: Visitor;
    before(async () => {
      app = await start();
      visitor = await app.enter();
    });
    after(async () => {
      visitor.close();
      await app.close();
    });

    test('a read arrives as it was meant, and its answer as the app gave it', async () => {
      const answer = await visitor.call({ method: 'GET', at: '/api/posts?page=2&q=a%20b' });
      assert.equal(answer.status, 200);
      const { url, headers } = JSON.parse(Buffer.from(answer.body).toString());
      assert.equal(url, '/api/posts?page=2&q=a%20b');
      assert.equal(headers['sallyport-sealed'], undefined);
      assert.equal(headers['content-type'], undefined);
      assert.deepEqual(
        answer.fields.filter((value) => value.startsWith('seen=') || value.startsWith('twice=')),
        ['seen=1; Path=/', 'twice=2; Path=/'],
      );
    });

    test('a program that knows the protocol seals its calls once it is told to, and gets in', async () => {
      const { client, close } = await app.enter();
      assert.equal((await client.call({ method: 'GET', at: '/api/posts' })).status, 200);
      assert.equal((await client.call({ method: 'GET', at: '/api/gone' })).status, 410);
      close();
    });

    test('a write arrives with its body and type', async () => {
      const body = Buffer.from('{"a":1}');
      const answer = await visitor.call({ method: 'POST', at: '/api/posts', body, contentType: 'application/json' });
      const seen = JSON.parse(Buffer.from(answer.body).toString());
      assert.deepEqual([seen.body, seen.headers['content-type']], ['{"a":1}', 'application/json']);
      assert.equal(seen.headers['content-length'], '7');
    });

    test('a body longer than what is held before the commit arrives whole', async () => {
      const body = Buffer.alloc(300_000, 'x');
      const answer = await visitor.call({ method: 'PUT', at: '/api/posts', body, contentType: 'text/plain' });
      assert.equal(JSON.parse(Buffer.from(answer.body).toString()).length, 300_000);
    });

    test('statuses, answers without a body, and HEAD', async () => {
      const gone = await visitor.call({ method: 'GET', at: '/api/gone' });
      assert.deepEqual([gone.status, Buffer.from(gone.body).toString()], [410, 'gone']);
      const nothing = await visitor.call({ method: 'GET', at: '/api/nothing' });
      assert.deepEqual([nothing.status, nothing.body.length], [204, 0]);
      const head = await visitor.call({ method: 'HEAD', at: '/api/gone' });
      assert.deepEqual([head.status, head.body.length], [410, 0]);
    });
  });

test('by HTTP/2 it is the same, and a client that leaves in the middle of an answer takes nobody along', async () => {
  const app = await behindGate({ tls: 'self' });
  const visitor = await app.enter();
  const session = connect(app.url, { rejectUnauthorized: false });
  try {
    const begin = (at: string) => {
      const { request, open } = visitor.client.seal(visitor.client.sign({ method: 'GET', at }));
      const fields: Record<string, string> = {};
      for (let i = 0; i + 1 < request.fields.length; i += 2) {
        const name = (request.fields[i] ?? '').toLowerCase();
        if (name !== 'host' && name !== 'connection') fields[name] = request.fields[i + 1] ?? '';
      }
      const authority = new URL(app.url).host;
      const stream = session.request({
        ...fields,
        ':method': 'POST',
        ':path': request.target,
        ':authority': authority,
      });
      stream.end(request.body);
      return { stream, open };
    };
    const { stream, open } = begin('/api/posts');
    const [head] = await once(stream, 'response');
    const body = Buffer.concat(await stream.toArray());
    const answer = open({ status: 200, fields: ['content-type', String(head['content-type'])], body, failed: '' });
    assert.deepEqual([answer.status, JSON.parse(String(answer.body)).url], [200, '/api/posts']);
    const endless = begin('/api/endless').stream;
    await once(endless, 'data');
    endless.close();
    assert.equal(await app.left, 'left');
    const after = begin('/api/gone');
    await once(after.stream, 'response');
    const gone = { fields: ['content-type', SEALED_TYPE], body: Buffer.concat(await after.stream.toArray()) };
    assert.equal(after.open({ status: 200, failed: '', ...gone }).status, 410);
    // HTTP/2 carries any method, and this one is nobody's rule: refused where DELETE itself would pass, as it is open.
    for (const [method, code] of [
      ['delete', 'target'],
      ['trace', 'target'],
      ['DELETE', ''],
    ] as const) {
      const plain = session.request({ ':method': method, ':path': '/', ':authority': new URL(app.url).host });
      plain.end();
      const [{ ':status': status }] = await once(plain, 'response');
      assert.equal(status, code === '' ? 200 : 400);
      assert.equal(app.decisions.at(-1)?.code, code);
      plain.close();
    }
  } finally {
    session.close();
    visitor.close();
    await app.close();
  }
});
