import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { examineLogins } from '../../src/cli/doctor/logins.ts';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';

const ROUTES = [{ name: 'DELETE /api/posts/:id', method: 'DELETE', path: '/api/posts/no-such-object' }];

async function gateBefore(t: TestContext, more: Config): Promise<{ gate: Gate; calls: string[] }> {
  const calls: string[] = [];
  const backend = createServer((request, response) => {
    if (request.method !== 'GET') calls.push(`${request.method} ${request.url}`);
    response
      .writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' })
      .end('<!doctype html><title>a</title>');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    backend.closeAllConnections();
    backend.close();
  });
  const gate = await startGate({
    to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
    listen: '127.0.0.1:0',
    mode: 'enforce',
    login: { identify: () => null },
    routes: [{ match: 'DELETE /api/posts/:id', user: true }],
    ...more,
  });
  t.after(() => gate.close({ graceMs: 0 }));
  return { gate, calls };
}

test('P1.7 doctor proves by asking that a page with nobody logged in is refused', async (t) => {
  const { gate, calls } = await gateBefore(t, {});
  const [finding, ...rest] = await examineLogins({ origin: gate.url, mode: 'enforce', routes: ROUTES });
  assert.deepEqual([finding?.verdict, rest.length, calls], ['fine', 0, []]);
  assert.match(finding?.text ?? '', /anonymous callers are refused where a login is asked for \(1 asked\)/);
});

test('P1.7 a route whose login is only reported is named', async (t) => {
  const { gate, calls } = await gateBefore(t, { layers: { subject: 'report' } });
  const [finding] = await examineLogins({ origin: gate.url, mode: 'enforce', routes: ROUTES });
  assert.equal(finding?.verdict, 'wrong');
  assert.match(finding?.text ?? '', /^DELETE \/api\/posts\/:id asks for a login .* let an anonymous caller through/);
  assert.deepEqual(calls, ['DELETE /api/posts/no-such-object']);
});

test('in report mode nothing is asked, because the backend would get it', async () => {
  const findings = await examineLogins({ origin: 'http://127.0.0.1:9', mode: 'report', routes: ROUTES });
  assert.deepEqual(
    findings.map(({ verdict }) => verdict),
    ['unknown'],
  );
  assert.deepEqual(await examineLogins({ origin: 'http://127.0.0.1:9', mode: 'enforce', routes: [] }), []);
});
