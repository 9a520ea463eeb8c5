import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { connect } from 'node:net';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import type { CreationFault } from '../../src/guard/creation-watch.ts';
import { type Records, RecordsError } from '../../src/guard/records.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { until } from './support.ts';

/** Whose is it? At the real gate, before a backend that keeps no owners. The backend is as odd as each test wants it. */

type Backend = (message: IncomingMessage, response: ServerResponse) => void;

const json = { 'content-type': 'application/json' };
const created =
  (id: unknown, status = 201): Backend =>
  (_message, response) =>
    void response.writeHead(status, json).end(JSON.stringify({ id }));

const CONFIG: Config = {
  mode: 'enforce',
  listen: '127.0.0.1:0',
  login: {
    identify: ({ header }) => (header('x-user') === '' ? null : { id: header('x-user') }),
  },
  routes: [
    { match: 'GET /api/posts', level: 'site' },
    { match: 'GET /api/posts/:id', level: 'site' },
    { match: 'POST /api/posts', level: 'site', user: true },
    { match: 'DELETE /api/posts/:id', level: 'site', creator: { of: 'POST /api/posts' } },
  ],
};

suite('a gate that remembers who created what', () => {
  let server: Server;
  let gate: Gate;
  let records: Records;
  let post: Backend;
  let remove: Backend;
  let accepted: string | undefined;
  const removed: string[] = [];

  before(async () => {
    server = createServer((message, response) => {
      message.resume();
      if (message.method === 'POST') {
        accepted = message.headers['accept-encoding'];
        post(message, response);
      } else if (message.method === 'DELETE') {
        removed.push(message.url ?? '');
        remove(message, response);
      } else response.writeHead(200, json).end('{"id":"1"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    records = await createRecords('memory', { secret: 'a secret of the tests, 32 long at least' });
    gate = await startGate({ ...CONFIG, to }, { records });
  });
  afterEach(() => {
    removed.length = 0;
  });
  after(async () => {
    await gate.close({ graceMs: 0 });
    await records.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function call(method: 'GET' | 'HEAD' | 'DELETE' | 'POST', target: string, user: string) {
    const { statusCode, headers, body } = await request(`${gate.url}${target}`, {
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'cors',
        'x-requested-with': 'x',
        'accept-encoding': 'gzip',
        'x-user': user,
      },
    });
    return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
  }
  const creates = (user: string, answer: Backend) => {
    post = answer;
    return call('POST', '/api/posts', user);
  };
  const deletes = async (
    user: string,
    id: string,
    answer: Backend = (_, response) => response.writeHead(204).end(),
  ) => {
    remove = answer;
    return (await call('DELETE', `/api/posts/${id}`, user)).status;
  };
  const settles = async (condition: () => Promise<boolean>): Promise<void> => {
    const end = performance.now() + 10_000;
    while (!(await condition())) {
      assert.ok(performance.now() < end, 'it never came');
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const ownerOf = (id: string) => records.objects.ownerOf('POST /api/posts', id);

  test('R64 only who created it deletes it, whatever spelling of its address others try', async () => {
    assert.equal((await creates('ann', created(10))).status, 201);
    for (const id of ['10', '%31%30', '010', '10;x', '10.0', '0x0a', '10%20', '+10', '1e1'])
      assert.ok((await deletes('ben', id)) >= 400, id);
    for (const target of ['/api//posts/10', '/api/posts/10/', '/API/posts/10', '/api/posts//10', '/api/posts;a/10'])
      assert.ok((await call('DELETE', target, 'ben')).status >= 403, target);
    for (const target of ['/api/posts/10?_method=POST', '/api/posts/10?_method=GET', '/api/posts/10?_method=PUT'])
      assert.ok((await call('DELETE', target, 'ben')).status >= 400, target);
    assert.ok((await call('POST', '/api/posts/10?_method=DELETE', 'ben')).status >= 400);
    assert.ok((await call('GET', '/api/posts/10?_method=DELETE', 'ben')).status >= 400);
    assert.equal(await deletes('', '10'), 401);
    assert.deepEqual(removed, [], 'the backend heard of none of them');
    assert.equal(await deletes('ann', '10'), 204);
  });

  test('R64 an id that comes again does not change hands, unless the backend says that it is new', async () => {
    await creates('ann', created('20'));
    await creates('ben', created('20', 200));
    await creates('ben', created(20, 202));
    assert.equal(await ownerOf('20'), 'hook:ann');
    for (const id of [[20], { toString: '20' }, '20\u0000', ' 20', '20 ', 20.5, true])
      await creates('ben', created(id));
    assert.equal(await ownerOf('20'), 'hook:ann');
    await creates('ben', created('20', 201));
    assert.equal(await ownerOf('20'), 'hook:ben', 'a backend that began anew');
  });

  test('R64 an id that the backend gives again belongs to whoever it is given to, not to who deleted it', async () => {
    await creates('ben', created('30', 200));
    assert.equal(await deletes('ben', '30'), 204);
    assert.equal(await ownerOf('30'), null);
    await creates('ann', created('30', 200));
    assert.equal(await deletes('ben', '30'), 403);
    assert.equal(await deletes('ann', '30'), 204);
  });

  test('a deletion that did not come about forgets nobody', async () => {
    await creates('ann', created('31'));
    const failing: Backend = (_message, response) => response.writeHead(409).end();
    const breaking: Backend = (_message, response) => void response.destroy();
    assert.equal(await deletes('ann', '31', failing), 409);
    assert.ok((await deletes('ann', '31', breaking)) >= 500);
    assert.equal(await ownerOf('31'), 'hook:ann');
    assert.equal(await deletes('ann', '31'), 204);
  });

  test('an answer is read as it comes: in pieces, slowly, after a while', async () => {
    const slow: Backend = async (_message, response) => {
      response.writeHead(201, json);
      for (const piece of ['{"ti', 'tle":"a",', '"id"', ':"4', '0"}']) {
        response.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
    assert.equal((await creates('ann', slow)).body.toString(), '{"title":"a","id":"40"}');
    assert.equal(await ownerOf('40'), 'hook:ann');
  });

  test('an answer is asked for as it is; one that comes packed all the same goes through, and names nobody', async () => {
    const body = gzipSync('{"id":"50"}');
    const answer = await creates('ann', (_message, response) =>
      response.writeHead(201, { ...json, 'content-encoding': 'gzip' }).end(body),
    );
    assert.equal(accepted, undefined);
    assert.deepEqual([answer.headers['content-encoding'], answer.body], ['gzip', body]);
    assert.equal(await ownerOf('50'), null);
  });

  test('an answer longer than an object goes through whole, and names nobody', async () => {
    for (const length of [65_536, 200_000]) {
      const text = JSON.stringify({ id: `60-${length}`, text: 'x'.repeat(length) });
      const answer = await creates('ann', (_message, response) => {
        response.writeHead(201, json);
        response.write(text.slice(0, 70_000));
        response.end(text.slice(70_000));
      });
      assert.equal(answer.body.toString(), text);
      assert.equal(await ownerOf(`60-${length}`), null);
    }
    const short = JSON.stringify({ id: '61', text: 'x'.repeat(60_000) });
    assert.equal(
      (await creates('ann', (_m, response) => response.writeHead(201, json).end(short))).body.toString(),
      short,
    );
    assert.equal(await ownerOf('61'), 'hook:ann');
  });

  /** Sends a call and leaves as soon as the backend has it, or has begun to answer it. */
  async function leaves(method: 'POST' | 'DELETE', target: string, when: 'asked' | 'answering', rest: Backend) {
    const { port } = gate.address;
    const arrived = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const answer: Backend = async (message, response) => {
      if (when === 'answering') response.writeHead(201, { ...json, 'content-length': 11 }).write('{"id":');
      response.on('close', () => ended.resolve());
      arrived.resolve();
      await gone.promise;
      rest(message, response);
    };
    const ended = Promise.withResolvers<void>();
    if (method === 'POST') post = answer;
    else remove = answer;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nX-Requested-With: x\r\nX-User: ann\r\nContent-Length: 0\r\n\r\n`,
    );
    await arrived.promise;
    socket.destroy();
    await until(() => gate.stats().requests === 0);
    gone.resolve();
    await ended.promise;
  }

  test('R64 what somebody made is theirs, also where they left before they heard of it', async () => {
    await leaves('POST', '/api/posts', 'asked', created('80'));
    await settles(async () => (await ownerOf('80')) === 'hook:ann');
    await leaves('POST', '/api/posts', 'answering', (_, response) => void response.end('"81"}'));
    await settles(async () => (await ownerOf('81')) === 'hook:ann');
    await leaves('POST', '/api/posts', 'asked', (_, response) =>
      response.writeHead(201, { location: '/api/posts/82' }).end(),
    );
    await settles(async () => (await ownerOf('82')) === 'hook:ann');
    assert.equal(await deletes('ben', '80'), 403);
    assert.equal(await deletes('ann', '80'), 204);
  });

  test('R64 who deletes and leaves keeps no say over the next object of that id', async () => {
    await creates('ann', created('83'));
    await leaves('DELETE', '/api/posts/83', 'asked', (_, response) => response.writeHead(204).end());
    await settles(async () => (await ownerOf('83')) === null);
    await creates('ben', created('83', 200));
    assert.equal(await deletes('ann', '83'), 403);
    assert.equal(await deletes('ben', '83'), 204);
  });

  test('R64 an answer that only says where the new object is names it, as the client will read it', async () => {
    const at =
      (location: string | string[], body = ''): Backend =>
      (_message, response) =>
        void response.writeHead(201, { location: location as string }).end(body);
    const answer = await creates('ann', at('/api/posts/90'));
    assert.deepEqual([answer.status, answer.headers['location']], [201, '/api/posts/90']);
    await creates('ann', at(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/posts/91`, 'made'));
    await creates('ann', (_message, response) =>
      response.writeHead(201, { ...json, location: '/api/posts/92', 'content-length': 0 }).end(),
    );
    for (const id of ['90', '91', '92']) {
      assert.equal(await ownerOf(id), 'hook:ann', id);
      assert.equal(await deletes('ben', id), 403);
      assert.equal(await deletes('ann', id), 204);
    }
    await creates('ann', created('93'));
    for (const location of ['//evil.example/api/posts/93', 'https://evil.example/api/posts/93', '/api/posts/93?x'])
      await creates('ben', at(location));
    await creates('ben', at(['/api/posts/93', '/api/posts/94']));
    assert.equal(await ownerOf('93'), 'hook:ann', 'somebody else’s address names nothing here');
    assert.equal(await ownerOf('94'), null);
  });

  test('R64 where records fail the answer goes out, somebody is told, and nobody may touch the object', async (t) => {
    const faults: CreationFault[] = [];
    gate.guard.creations?.onFault((fault) => faults.push(fault));
    const { own, disown } = records.objects;
    t.after(() => void Object.assign(records.objects, { own, disown }));
    const locked = () => Promise.reject(new RecordsError('busy', 'locked'));
    Object.assign(records.objects, { own: locked });
    assert.equal((await creates('ann', created('95'))).status, 201);
    assert.deepEqual(
      faults.map(({ act, route }) => `${act} ${route}`),
      ['record POST /api/posts'],
    );
    assert.equal(await deletes('ann', '95'), 403, 'fails closed');
    Object.assign(records.objects, { own, disown: locked });
    await creates('ann', created('96'));
    assert.equal(await deletes('ann', '96'), 204);
    assert.equal(faults[1]?.act, 'forget');
  });

  test('what creates nothing, or breaks off, names nobody', async () => {
    await creates('ann', created('70', 400));
    await creates('ann', created('70', 303));
    await creates('', created('70'));
    await creates('ann', (_message, response) =>
      response.writeHead(201, { 'content-type': 'text/html' }).end('{"id":"70"}'),
    );
    assert.equal((await creates('ann', (_message, response) => response.writeHead(201, json).end())).status, 201);
    await creates('ann', (_message, response) => response.writeHead(201, json).end('{"id":"70"'));
    const broken = await creates('ann', (_message, response) => {
      response.writeHead(201, { ...json, 'content-length': '100' });
      response.write('{"id":"70"}', () => response.destroy());
    });
    assert.equal(broken.status, 502);
    await call('GET', '/api/posts/1', 'ann');
    await call('HEAD', '/api/posts', 'ann');
    assert.equal(await ownerOf('70'), null);
    assert.equal(await ownerOf('1'), null, 'reading is not creating');
  });
});
