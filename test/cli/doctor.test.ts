import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { test, type TestContext } from 'node:test';
import { examineBackend } from '../../src/cli/doctor/backend.ts';
import { at, backend, type BackendOptions, desk, listening, portOf } from './support.ts';

interface Seen {
  readonly check: string;
  readonly verdict: string;
  readonly text: string;
  readonly fix: string;
}

async function examined(
  t: TestContext,
  options: BackendOptions,
  flags: string[] = [],
  before?: (url: string) => Promise<unknown>,
) {
  const { url } = await backend(t, options);
  const { gate, json } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--log', 'silent');
  await before?.(report.url);
  const { code, value } = await json('doctor', ...flags);
  const findings = at(value, 'findings');
  assert.ok(Array.isArray(findings));
  const seen: Seen[] = findings;
  return { code, seen, of: (check: string) => seen.filter((finding) => finding.check === check) };
}

test('an app that is in order leaves doctor nothing to say, and exit 0', async (t) => {
  const { code, seen } = await examined(t, {});
  assert.deepEqual(
    seen.filter(({ verdict }) => verdict !== 'fine'),
    [],
  );
  assert.equal(code, 0);
});

test('report mode adds no security header, and doctor says which a page lacks', async (t) => {
  const { of } = await examined(t, { headers: { 'referrer-policy': 'no-referrer' } });
  assert.deepEqual(
    of('headers').map(({ verdict, text }) => [verdict, text]),
    [['fine', '/ lacks X-Content-Type-Options, X-Frame-Options: enforce mode adds what is missing']],
  );
});

test('P1.7 a write that answers an anonymous caller is named, and that Sallyport is not authorization', async (t) => {
  const { code, of } = await examined(t, {}, [], (url) => fetch(`${url}/api/posts/7`, { method: 'DELETE' }));
  assert.equal(code, 1);
  const [finding] = of('writes');
  assert.match(finding?.text ?? '', /^DELETE \/api\/posts\/:id changes data and answers 2xx to an anonymous caller/);
  assert.match(finding?.fix ?? '', /is not authorization/);
});

test('P1.7 a write with a login is not reported', async (t) => {
  const login = (url: string) =>
    fetch(`${url}/api/posts/7`, { method: 'DELETE', headers: { authorization: 'Bearer x' } });
  const { of } = await examined(t, {}, [], login);
  assert.deepEqual(
    of('writes').map(({ verdict }) => verdict),
    ['fine'],
  );
});

test('a policy that refuses the script is named with its directive and the fix', async (t) => {
  const { code, of } = await examined(t, { headers: { 'content-security-policy': 'script-src https://cdn.example' } });
  assert.equal(code, 1);
  assert.match(of('csp')[0]?.text ?? '', /refuses Sallyport’s script \(script-src https:\/\/cdn\.example\)/);
  assert.equal(of('csp')[0]?.fix, "add 'self' to script-src");
});

test('a policy that keeps the script from the mount is named', async (t) => {
  const { of } = await examined(t, {
    headers: { 'content-security-policy': "script-src 'self'; connect-src https://api.example" },
  });
  assert.match(of('csp')[0]?.text ?? '', /keeps the script from \/_sallyport\/enter/);
});

test('P5.1 a proxy that is not listed is named with the line that lists it', async (t) => {
  const { url } = await backend(t);
  const { gate, json } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--log', 'silent');
  const proxy = createServer((incoming, response) => {
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': `${incoming.headers['x-forwarded-for']}, 127.0.0.1`,
      'x-forwarded-proto': 'http',
    };
    const onward = httpRequest(
      `${report.url}${incoming.url}`,
      { headers: { ...headers, host: new URL(report.url).host } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  await listening(proxy);
  t.after(() => proxy.close());
  const { code, value } = await json('doctor', '--public', `http://127.0.0.1:${portOf(proxy)}`);
  assert.equal(code, 1);
  const findings = at(value, 'findings');
  assert.ok(Array.isArray(findings));
  const found: Seen | undefined = findings.find((finding: Seen) => finding.check === 'proxies');
  assert.equal(found?.fix, "trustedProxies: ['127.0.0.1/32'],");
});

test('P5.1 R7 a public way on which the client’s own X-Forwarded-For is believed is found out', async (t) => {
  const { url } = await backend(t);
  const { gate, json } = desk(t);
  const { report } = await gate('--to', url, '--listen', '0', '--log', 'silent', '--trusted-proxy', '127.0.0.0/8');
  const proxies = async (...flags: string[]): Promise<Seen | undefined> => {
    const findings = at((await json('doctor', ...flags)).value, 'findings');
    assert.ok(Array.isArray(findings));
    return findings.find((finding: Seen) => finding.check === 'proxies');
  };
  const taken = await proxies('--public', report.url);
  assert.equal(taken?.verdict, 'wrong');
  assert.match(taken?.text ?? '', /believed an X-Forwarded-For that the client wrote/);
  assert.equal((await proxies())?.verdict, 'unknown', 'from here a listed local proxy looks the same');
});

test('P10.3 a backend that answers on another address of this machine is reported, one that refuses is not', async (t) => {
  const answering = await listening(
    createServer((_request, response) => response.end('{}')),
    '0.0.0.0',
  );
  t.after(() => answering.close());
  const question = { path: '/api/posts', jwks: 'http://gate/jwks.json', to: `http://127.0.0.1:${portOf(answering)}` };
  const found = await examineBackend({ ...question, addresses: ['127.0.0.2'] });
  assert.deepEqual([found.verdict, /without the gate at http:\/\/127\.0\.0\.2/.test(found.text)], ['wrong', true]);
  const alone = await examineBackend({ ...question, addresses: [] });
  assert.equal(alone.verdict, 'fine');
  const refusing = await listening(createServer((_request, response) => response.writeHead(401).end()));
  t.after(() => refusing.close());
  assert.equal((await examineBackend({ ...question, to: `http://127.0.0.1:${portOf(refusing)}` })).verdict, 'fine');
});
