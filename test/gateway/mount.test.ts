import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { request } from 'undici';
import { type Gate, startGate } from '../../src/gateway/index.ts';

/** The gate's own addresses, and the methods that they take (RFC 9110 §9.3.2, §15.5.6). */

const READ = 'GET, HEAD';
const ALLOWED: Readonly<Record<string, string>> = {
  '/health': READ,
  '/jwks.json': READ,
  '/config.json': READ,
  '/codes': READ,
  '/s.0123456789abcdef.js': READ,
  '/user': READ,
  '/logout': 'POST',
  '/enter': 'POST',
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;

suite('the gate’s own addresses', () => {
  let gate: Gate;
  before(async () => {
    gate = await startGate({
      to: 'http://127.0.0.1:9',
      listen: '127.0.0.1:0',
      mode: 'enforce',
      login: { identify: () => null },
      routes: [{ match: 'GET /api/me', user: true }],
    });
  });
  after(() => gate.close({ graceMs: 0 }));

  async function ask(method: (typeof METHODS)[number], path: string, more: Record<string, string> = {}) {
    const page = {
      origin: gate.url,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      'x-requested-with': 'x',
    };
    const { statusCode, headers, body } = await request(`${gate.url}/_sallyport${path}`, {
      method,
      headers: { ...page, 'content-type': 'application/json', ...more },
    });
    return { status: statusCode, headers, body: await body.text() };
  }

  test('R5 a method that an address does not take is answered 405 with those that it takes', async () => {
    for (const [path, allow] of Object.entries(ALLOWED)) {
      for (const method of METHODS) {
        const { status, headers, body } = await ask(method, path);
        const taken = allow.split(', ').includes(method);
        assert.equal(status === 405, !taken, `${method} ${path}: ${status}`);
        assert.notEqual(status, 404, `${method} ${path}`);
        if (taken) continue;
        assert.equal(headers['allow'], allow, `${method} ${path}`);
        assert.equal(headers['cache-control'], 'no-store');
        if (method !== 'HEAD' && !/health|jwks/.test(path)) assert.equal(JSON.parse(body).code, 'method');
      }
    }
  });

  test('HEAD says of an address what GET says, without its content', async () => {
    const own = ['date', 'connection', 'keep-alive', 'sallyport-decision', 'set-cookie'];
    const plain = (headers: object) => Object.entries(headers).filter(([name]) => !own.includes(name));
    for (const [path, allow] of Object.entries(ALLOWED)) {
      if (allow !== READ) continue;
      const got = await ask('GET', path);
      const head = await ask('HEAD', path);
      assert.equal(head.status, got.status, path);
      assert.equal(head.body, '');
      assert.notEqual(got.body, '', path);
      // Ids in problem documents are as long as each other.
      assert.deepEqual(plain(head.headers), plain(got.headers), path);
    }
  });

  test('an address that there is not is not there for any method', async () => {
    for (const method of METHODS) {
      const { status, headers } = await ask(method, '/nothing');
      assert.deepEqual([status, headers['allow']], [404, undefined], method);
    }
  });

  test('a person who follows a link to where only a form belongs gets a page that says so', async () => {
    const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', origin: '' };
    const { status, headers, body } = await ask('GET', '/logout', navigation);
    assert.deepEqual([status, headers['allow']], [405, 'POST']);
    assert.match(String(headers['content-type']), /^text\/html/);
    assert.match(body, /does not take this method/);
  });
});
