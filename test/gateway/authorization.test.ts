import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, suite, test } from 'node:test';
import { createLocalJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { request } from 'undici';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createRecords } from '../../src/gateway/records.ts';
import type { Config } from '../../src/guard/config.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { createGuard } from '../../src/index.ts';

/** May they? At the real gate, before a backend that knows nothing of it. */

const posts = new Map([
  ['1', { id: 1, author: { id: 'ann' } }],
  ['2', { id: 2, author: { id: 'ben' } }],
]);

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

const seen: Seen[] = [];
const hanging: ServerResponse[] = [];

function answer(message: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '', headers } = message;
  seen.push({ method, url, headers });
  const id = url.split('/').at(-1) ?? '';
  if (method !== 'GET') return void response.writeHead(204).end();
  const json = (body: string): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  switch (id) {
    case 'slow':
      return void hanging.push(response);
    case 'huge':
      return void json(JSON.stringify({ author: { id: 'ann' }, text: 'x'.repeat(1024 * 1024) }));
    case 'broken':
      return void json('{"author":{"id":"ann"}');
    case 'page':
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('{"author":{"id":"ann"}}');
    case 'moved':
      return void response.writeHead(302, { location: '/api/posts/1' }).end();
    case 'gone':
      return void response.destroy();
    case 'failing':
      return void response.writeHead(500, { 'content-type': 'application/json' }).end('{"author":{"id":"ann"}}');
    default: {
      const post = posts.get(id);
      if (post === undefined) return void response.writeHead(404).end();
      return void json(JSON.stringify(post));
    }
  }
}

const CONFIG: Config = {
  mode: 'enforce',
  listen: '127.0.0.1:0',
  login: {
    identify: ({ header }) => {
      const id = header('x-user');
      if (id === 'throws') throw new Error('no');
      if (id === 'malformed') return JSON.parse('{"id":7}');
      return id === '' ? null : { id, roles: header('x-roles').split(' ') };
    },
  },
  routes: [
    { match: 'GET /api/posts/:id', level: 'site' },
    {
      match: 'DELETE /api/posts/:id',
      level: 'site',
      owner: { ask: 'GET /api/posts/:id', at: '$.author.id', fields: ['cookie'] },
    },
    { match: 'PUT /api/posts/:id', level: 'site', roles: ['editor'] },
    { match: 'POST /api/posts/:id', level: 'site', can: ({ id }, { params }) => id === params['id'] },
  ],
};

suite('a gate that asks whether they may', () => {
  let backend: Server;
  let gate: Gate;
  const records = createRecords({ now: Date.now });

  before(async () => {
    backend = createServer(answer);
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const to = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    gate = await startGate({ ...CONFIG, to }, { onDecision: records.add, onSettled: records.settled });
  });
  afterEach(() => {
    seen.length = 0;
  });
  after(async () => {
    await gate.close({ graceMs: 0 });
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
  });

  async function call(method: 'GET' | 'DELETE' | 'PUT' | 'POST', target: string, headers: Record<string, string> = {}) {
    const {
      statusCode,
      headers: fields,
      body,
    } = await request(`${gate.url}${target}`, {
      method,
      headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'x-requested-with': 'x', ...headers },
    });
    const text = await body.text();
    const problem = String(fields['content-type']).startsWith('application/problem') ? JSON.parse(text) : { code: '' };
    const code: string = problem.code;
    return { status: statusCode, code, id: String(fields['sallyport-decision']), fields };
  }
  const remove = (id: string, user: string, more = {}) =>
    call('DELETE', `/api/posts/${id}`, { 'x-user': user, ...more });
  const asked = () => seen.map(({ method, url }) => `${method} ${url}`);

  async function claimsOf(message: Seen | undefined): Promise<JWTPayload> {
    const { body } = await request(`${gate.url}/_sallyport/jwks.json`);
    const keys = createLocalJWKSet(JSON.parse(await body.text()));
    return (await jwtVerify(String(message?.headers['sallyport-assertion']), keys)).payload;
  }

  test('R64 the owner deletes; the backend is asked first, and told who asks', async () => {
    assert.equal((await remove('1', 'ann')).status, 204);
    assert.deepEqual(asked(), ['GET /api/posts/1', 'DELETE /api/posts/1']);
    for (const message of seen) {
      const { sub, source } = await claimsOf(message);
      assert.deepEqual({ sub, source }, { sub: 'ann', source: 'hook' });
    }
  });

  test('R64 another user’s object stays, and so does one that is not there: with the same answer', async () => {
    const others = await remove('2', 'ann');
    const nothing = await remove('9', 'ann');
    for (const { status, code } of [others, nothing]) assert.deepEqual([status, code], [403, 'forbidden']);
    assert.deepEqual(asked(), ['GET /api/posts/2', 'GET /api/posts/9']);
  });

  test('401 goes before 403, with what to do, and asks the backend nothing', async () => {
    const { status, code, fields } = await call('DELETE', '/api/posts/1');
    assert.deepEqual([status, code, fields['www-authenticate']], [401, 'login-required', 'Sallyport']);
    assert.equal((await call('PUT', '/api/posts/1')).status, 401);
    assert.deepEqual(asked(), []);
  });

  test('of the client’s fields only those that policy lists go along, and none of the gate’s own cookies', async () => {
    await remove('1', 'ann', { cookie: 'app=1; __Host-sallyport=x', 'x-tenant': 'a', authorization: 'Bearer x' });
    const question = seen[0]?.headers ?? assert.fail();
    const { host, cookie, accept } = question;
    assert.deepEqual(
      { host, cookie, accept },
      { host: new URL(gate.url).host, cookie: 'app=1', accept: 'application/json' },
    );
    assert.deepEqual(
      [question['x-tenant'], question.authorization, question['x-user']],
      [undefined, undefined, undefined],
    );
    assert.equal(question['x-forwarded-for'], '127.0.0.1');
  });

  test('R70 a backend that cannot say admits nobody: 503, and the object stays', async () => {
    for (const id of ['huge', 'broken', 'page', 'moved', 'gone', 'failing']) {
      const { status, code } = await remove(id, 'ann');
      assert.deepEqual([status, code], [503, 'unsure'], id);
    }
    assert.ok(!asked().some((line) => line.startsWith('DELETE')));
  });

  test('R71 why it was not sure stands in the record, without what the backend said', async () => {
    const { id } = await remove('failing', 'ann');
    const evidence = records.get(id)?.trail[0]?.evidence ?? '';
    assert.match(evidence, /^the backend on GET \/api\/posts\/failing: status 500$/);
  });

  test('roles and the app’s own answer', async () => {
    assert.equal((await call('PUT', '/api/posts/1', { 'x-user': 'ann', 'x-roles': 'editor' })).status, 204);
    assert.equal((await call('PUT', '/api/posts/1', { 'x-user': 'ann', 'x-roles': 'reader' })).code, 'forbidden');
    assert.equal((await call('POST', '/api/posts/ann', { 'x-user': 'ann' })).status, 204);
    assert.equal((await call('POST', '/api/posts/ben', { 'x-user': 'ann' })).code, 'forbidden');
  });

  test('the backend learns the roles', async () => {
    await call('PUT', '/api/posts/1', { 'x-user': 'ann', 'x-roles': 'editor admin' });
    assert.deepEqual((await claimsOf(seen[0]))['roles'], ['editor', 'admin']);
    await call('PUT', '/api/posts/1', { 'x-user': 'ben', 'x-roles': 'editor' });
    const { sub, roles } = await claimsOf(seen[1]);
    assert.deepEqual([sub, roles], ['ben', ['editor']], 'and never those of somebody else');
  });

  test('R70 a hook that throws, or answers what is no subject, admits nobody', async () => {
    for (const user of ['throws', 'malformed']) {
      assert.deepEqual((await remove('1', user)).code, 'unsure', user);
      assert.equal(
        (await call('GET', '/api/posts/1', { 'x-user': user })).status,
        200,
        'where nobody is asked for, it is nobody',
      );
    }
  });

  test('a field that came twice names nobody', async () => {
    const { status } = await call('DELETE', '/api/posts/1', { 'x-user': 'ann', 'X-User': 'ann' });
    assert.equal(status, 401);
  });

  test('a call that names another method has to meet what both ask of the person', async () => {
    assert.equal(
      (await call('PUT', '/api/posts/2?_method=DELETE', { 'x-user': 'ann', 'x-roles': 'editor' })).code,
      'forbidden',
    );
    assert.equal((await call('DELETE', '/api/posts/1?_method=PUT', { 'x-user': 'ann' })).code, 'forbidden');
    assert.equal((await call('GET', '/api/posts/1?_method=DELETE')).code, 'login-required');
    assert.equal(
      (await call('PUT', '/api/posts/1?_method=DELETE', { 'x-user': 'ann', 'x-roles': 'editor' })).status,
      204,
    );
  });

  test('R72 report mode asks and records, and lets the call pass without an assertion', async () => {
    gate.setMode('report');
    try {
      const { status, id } = await remove('2', 'ann');
      assert.equal(status, 204);
      assert.equal(records.get(id)?.trail.find(({ layer }) => layer === 'can')?.code, 'forbidden');
      assert.equal(seen.at(-1)?.headers['sallyport-assertion'], undefined);
    } finally {
      gate.setMode('enforce');
    }
  });

  test('a question that is not answered ends after five seconds, and frees its connection', async () => {
    const { code } = await remove('slow', 'ann');
    assert.equal(code, 'unsure');
    const [response] = hanging;
    if (response?.closed === false) await new Promise((resolve) => response.once('close', resolve));
    assert.equal((await remove('1', 'ann')).status, 204);
  });
});

test('a guard that cannot ask the backend takes no route that needs its answer', async () => {
  const error = await createGuard(CONFIG).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError);
  assert.match(error.message, /routes\[1\]\.owner is .*only the gate can ask the backend/);
});
