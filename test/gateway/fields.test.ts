import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openRaw, rawExchange, startBackend, startTestGate } from './support.ts';
import type { GateOptions } from './support.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import type { TestContext } from 'node:test';

/** Sends one request with these field lines and returns what the backend got. */
async function delivered(
  context: TestContext,
  lines: readonly string[],
  config: Config = {},
  options: GateOptions = {},
): Promise<string[]> {
  let raw: string[] = [];
  const backend = await startBackend(context, (request, response) => {
    raw = request.rawHeaders;
    response.end();
  });
  const gate = await startTestGate(context, { to: backend.url, ...config }, options);
  await rawExchange(
    context,
    gate,
    `GET /api/x HTTP/1.1\r\nHost: app.example:81\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`,
  );
  return raw;
}

const valuesOf = (raw: readonly string[], name: string): string[] =>
  raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);

test('R60 the provider’s token stands in place of whatever the client sent, in every spelling', async (context) => {
  const lines = ['Authorization: Bearer mine', 'authorization: Bearer mine too', 'Authorization_: x', 'X-A: 1'];
  const relayed = { says: { decide: () => ({ relay: 'Bearer of-the-provider' }) } };
  const raw = await delivered(context, lines, {}, relayed);
  assert.deepEqual(valuesOf(raw, 'authorization'), ['Bearer of-the-provider']);
  assert.deepEqual(valuesOf(raw, 'x-a'), ['1']);
  const plain = await delivered(context, ['Authorization: Bearer mine']);
  assert.deepEqual(valuesOf(plain, 'authorization'), ['Bearer mine'], 'where nothing is relayed it is the app’s own');
});

test('R8 what the gate sets towards the backend is removed from the client first, in every spelling', async (context) => {
  const names = [
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Prefix',
    'Forwarded',
    'Sallyport-Assertion',
    'X-Real-IP',
    'Client-IP',
    'Proxy-Client-IP',
    'WL-Proxy-Client-IP',
    'Fly-Client-IP',
    'CF-Connecting-IPv6',
  ];
  const spellings = (name: string): string[] => [
    name,
    name.toLowerCase(),
    name.toUpperCase(),
    name.replaceAll('-', '_'),
    name.replaceAll('-', '.'),
    name.replace('-', '_'),
  ];
  const lines = names.flatMap(spellings).map((name) => `${name}: forged`);
  const raw = await delivered(context, lines);
  assert.equal(raw.filter((value) => value.includes('forged')).length, 0, raw.join('|'));
  assert.deepEqual(valuesOf(raw, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(valuesOf(raw, 'x-forwarded-proto'), ['http']);
  assert.deepEqual(valuesOf(raw, 'x-forwarded-host'), ['app.example:81']);
});

test('R8 no spelling at all of a reserved name gets through', async (context) => {
  let raw: string[] = [];
  const backend = await startBackend(context, (request, response) => {
    raw = request.rawHeaders;
    response.end();
  });
  const gate = await startTestGate(context, { to: backend.url });
  const separators = fc.constantFrom('-', '_', '.', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|', '~');
  const cased = (text: string) =>
    fc
      .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
      .map((upper) => [...text].map((c, i) => (upper[i] ? c.toUpperCase() : c)).join(''));
  const reserved = fc.oneof(
    fc.tuple(cased('x'), separators, cased('forwarded'), separators, cased('for')).map((parts) => parts.join('')),
    fc.tuple(cased('sallyport'), separators, cased('assertion')).map((parts) => parts.join('')),
    cased('forwarded'),
  );
  await fc.assert(
    fc.asyncProperty(reserved, async (name) => {
      const raws = openRaw(context, gate);
      raws.socket.write(`GET /x HTTP/1.1\r\nHost: a\r\n${name}: forged\r\nConnection: close\r\n\r\n`);
      await raws.closed;
      assert.match(raws.text, /^HTTP\/1\.1 200/);
      assert.equal(raw.includes('forged'), false, name);
    }),
    { numRuns: 60 },
  );
});

test('R4 fields named in Connection stop at the gate; ours are beyond the client', async (context) => {
  const raw = await delivered(
    context,
    ['X-Hop: gone', 'X-Stays: here', 'Connection: X-Hop, X-Forwarded-For, X-Forwarded-Host, Sallyport-Assertion, Host'],
    {},
    { parts: { createAssertions: () => ({ fieldFor: () => 'asserted', jwks: () => ({ keys: [] }) }) } },
  );
  assert.deepEqual(valuesOf(raw, 'x-hop'), []);
  assert.deepEqual(valuesOf(raw, 'x-stays'), ['here']);
  assert.deepEqual(valuesOf(raw, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(valuesOf(raw, 'x-forwarded-host'), ['app.example:81']);
  assert.deepEqual(valuesOf(raw, 'sallyport-assertion'), ['asserted']);
  assert.deepEqual(valuesOf(raw, 'host'), ['app.example:81']);
});

test('hop-by-hop fields stop at the gate', async (context) => {
  const raw = await delivered(context, [
    'Keep-Alive: 5',
    'Proxy-Connection: x',
    'TE: trailers',
    'Trailer: X',
    'Proxy-Authorization: x',
    'Proxy: http://evil.example',
    'Upgrade: h2c',
    'HTTP2-Settings: x',
  ]);
  for (const name of [
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'proxy-authorization',
    'proxy',
    'upgrade',
    'http2-settings',
  ]) {
    assert.deepEqual(valuesOf(raw, name), [], name);
  }
});

test('fields that ask for another method or target are removed in enforce mode and only recorded in report mode', async (context) => {
  const lines = [
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: DELETE',
    'X_Method.Override: DELETE',
    'X-Original-URL: /admin',
    'x-rewrite-url: /admin',
    'SCRIPT_NAME: /admin',
    'Script-Name: /admin',
    'path_info: /admin',
    'X-Script-Name: /admin',
    'Daphne-Root-Path: /admin',
    'X-VHM-Root: /admin',
    'X_Traversal_Path: /admin',
  ];
  const enforced = await delivered(context, lines);
  assert.equal(enforced.includes('DELETE') || enforced.includes('/admin'), false);
  const reported = await delivered(context, lines, { mode: 'report' });
  assert.equal(reported.filter((value) => value === 'DELETE' || value === '/admin').length, lines.length);
});

test('our cookies, our member of a signature and our proofs stop at the gate; what is not ours passes', async (context) => {
  const raw = await delivered(context, [
    'Cookie: a=1; __Host-sallyport=secret; b=__Host-sallyport; __Host-sallyport-stamp=secret; __Host-sallyport-login=secret; __Host-sallyport-t-abc=secret',
    'Cookie: __Host-sallyport=secret',
    'Signature-Input: sallyport=("@method" "@path");created=1;nonce="1,2";keyid="k";tag="sallyport-1", app=("date");keyid="a,b"',
    'Signature: app=:YQ==:, sallyport=:c2VjcmV0:',
    'Content-Digest: sha-256=:YQ==:',
    'Sallyport-Digest: sha-256=:YQ==:',
  ]);
  assert.deepEqual(valuesOf(raw, 'cookie'), ['a=1; b=__Host-sallyport']);
  assert.deepEqual(valuesOf(raw, 'signature-input'), ['app=("date");keyid="a,b"']);
  assert.deepEqual(valuesOf(raw, 'signature'), ['app=:YQ==:']);
  assert.deepEqual(valuesOf(raw, 'content-digest'), ['sha-256=:YQ==:']);
  assert.deepEqual(valuesOf(raw, 'sallyport-digest'), []);
});

test('a proof in the query is taken out before the backend; every other byte stays', async (context) => {
  const seen: string[] = [];
  const backend = await startBackend(context, (request, response) => {
    seen.push(request.url ?? '');
    response.end();
  });
  const gate = await startTestGate(context, { to: backend.url });
  for (const target of [
    '/a?sallyport-proof=x',
    '/a?b=%41&sallyport-proof=x&&c',
    '/a?sallyport-proofs=x',
    '/sallyport-proof=x?a',
  ]) {
    await fetch(`${gate.url}${target}`);
  }
  assert.deepEqual(seen, ['/a', '/a?b=%41&&c', '/a?sallyport-proofs=x', '/sallyport-proof=x?a']);
});

test('R41 the Host is the browser’s own, unless the configuration names another for the backend', async (context) => {
  assert.deepEqual(valuesOf(await delivered(context, []), 'host'), ['app.example:81']);
  const named = await delivered(context, [], { upstream: { host: 'inner.example' } });
  assert.deepEqual(valuesOf(named, 'host'), ['inner.example']);
  assert.deepEqual(valuesOf(named, 'x-forwarded-host'), ['app.example:81']);
});

test('a request that a layer would refuse carries no assertion', async (context) => {
  const createAssertions = () => ({ fieldFor: () => 'asserted', jwks: () => ({ keys: [] }) });
  const trail = [{ layer: 'site', code: 'site' as const, enforced: false, evidence: '', wouldPass: '' }];
  const raw = await delivered(
    context,
    [],
    { mode: 'report' },
    { says: { decide: () => ({ trail }) }, parts: { createAssertions } },
  );
  assert.deepEqual(valuesOf(raw, 'sallyport-assertion'), []);
});

/** What a client gets when the backend answers with these fields. */
async function answered(
  context: TestContext,
  fields: readonly (readonly [string, string])[],
  {
    config = {},
    options = {},
    path = '/api/x',
    status = 200,
  }: { config?: Config; options?: GateOptions; path?: string; status?: number } = {},
): Promise<Headers> {
  const backend = await startBackend(context, (_request, response) => {
    const flat = fields.flatMap(([name, value]) => [name, value.replace('BACKEND', backend.url)]);
    response.writeHead(status, flat).end();
  });
  const gate = await startTestGate(context, { to: backend.url, ...config }, options);
  const answer = await fetch(`${gate.url}${path}`, { redirect: 'manual' });
  await answer.arrayBuffer();
  return new Headers([...answer.headers].map(([name, value]) => [name, value.replaceAll(gate.url, 'GATE')]));
}

test('R32 R33 answers of covered routes carry nosniff, CORP and Vary in enforce mode, merged with the backend’s own', async (context) => {
  const headers = await answered(context, [
    ['Vary', 'Accept, origin'],
    ['X-Own', '1'],
  ]);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
  assert.equal(headers.get('vary'), 'Accept, origin, Sec-Fetch-Site');
  assert.equal(headers.get('sallyport-decision'), 'decision-id-0001');
});

test('P3.1 report mode adds the decision’s id and nothing else to an answer', async (context) => {
  const fields = [
    ['Vary', 'Accept'],
    ['X-Own', '1'],
    ['Cache-Control', 'max-age=3'],
    ['Content-Type', 'text/event-stream'],
    ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ] as const;
  const headers = await answered(context, fields, { config: { mode: 'report' } });
  const added = [...headers.keys()].filter((name) => !fields.some(([own]) => own.toLowerCase() === name));
  assert.deepEqual(
    added.filter((name) => !['connection', 'keep-alive', 'transfer-encoding'].includes(name)),
    ['sallyport-decision'],
  );
  for (const [name, value] of fields) assert.equal(headers.get(name), value);
});

test('the backend’s CORS fields give way to the guard’s on covered routes and stay on others', async (context) => {
  const fields = [
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Credentials', 'true'],
  ] as const;
  const options: GateOptions = {
    says: {
      decide: () => ({ responseFields: ['Access-Control-Allow-Origin', 'https://app.example', 'Vary', 'Origin'] }),
    },
  };
  const covered = await answered(context, fields, { options });
  assert.equal(covered.get('access-control-allow-origin'), 'https://app.example');
  assert.equal(covered.get('access-control-allow-credentials'), null);
  const open = await answered(context, fields, { path: '/page' });
  assert.equal(open.get('access-control-allow-origin'), '*');
});

test('a Location that names the backend is rewritten to the gate; others are left alone', async (context) => {
  const redirected = async (location: string) =>
    (await answered(context, [['Location', location]], { status: 302 })).get('location');
  assert.equal(await redirected('BACKEND/b?c'), 'GATE/b?c');
  assert.equal(await redirected('BACKEND'), 'GATE');
  assert.match((await redirected('BACKEND.evil.example/')) ?? '', /^http:\/\/127\.0\.0\.1:\d+\.evil\.example\/$/);
  assert.equal(await redirected('/b'), '/b');
  assert.equal(await redirected('https://other.example/b'), 'https://other.example/b');
});

test('a backend cannot set our cookies, nor speak in our name, nor leak hop-by-hop fields', async (context) => {
  const headers = await answered(context, [
    ['Set-Cookie', '__Host-sallyport=forged; Secure; Path=/'],
    ['Set-Cookie', '__Host-sallyport-t-abcdefghi=forged; Secure; Path=/'],
    ['Set-Cookie', '__Host-sallyport-login=forged; Secure; Path=/'],
    ['Set-Cookie', 'own=1'],
    ['Sallyport-Decision', 'forged'],
    ['Sallyport_Anything', 'forged'],
    ['Connection', 'X-Hop'],
    ['X-Hop', 'gone'],
    ['Proxy-Authenticate', 'Basic'],
  ]);
  assert.deepEqual(headers.getSetCookie(), ['own=1']);
  assert.equal(headers.get('sallyport-decision'), 'decision-id-0001');
  assert.equal(headers.get('sallyport_anything'), null);
  assert.equal(headers.get('x-hop'), null);
  assert.equal(headers.get('proxy-authenticate'), null);
});

test('R5 HSTS goes out on the configured public HTTPS name alone', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end());
  const gate = await startTestGate(context, { to: backend.url, public: 'https://app.example' });
  const named = await rawExchange(context, gate, 'GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n');
  assert.match(named, /strict-transport-security: max-age=31536000\r\n/i);
  const other = await rawExchange(context, gate, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.doesNotMatch(other, /strict-transport-security/i);
});

test('settling happens before the head is released, with the address the browser will follow', async (context) => {
  const order: string[] = [];
  const backend = await startBackend(context, (_request, response) => {
    response.writeHead(307, { Location: `${backend.url}/b` }).end();
  });
  const gate = await startTestGate(
    context,
    { to: backend.url },
    {
      says: {
        async settle(_view, facts) {
          await new Promise((resolve) => setImmediate(resolve));
          order.push(
            `settled ${facts.status} ${new URL(facts.location).pathname} ${facts.location.includes(`${backend.port}`)}`,
          );
        },
      },
    },
  );
  const answer = await fetch(`${gate.url}/a`, { redirect: 'manual' });
  order.push(`answered ${answer.status}`);
  assert.deepEqual(order, ['settled 307 /b false', 'answered 307']);
});

test('R4 a Connection field takes nothing away that the proof covers', async (context) => {
  const config: Config = { routes: [{ match: '/api/x', signed: ['x-tenant'] }] };
  const lines = [
    'X-Tenant: a',
    'Content-Digest: sha-256=:a:',
    'X-Other: b',
    'Connection: x-tenant, content-digest, x-other',
  ];
  const raw = await delivered(context, lines, config);
  assert.deepEqual(valuesOf(raw, 'x-tenant'), ['a']);
  assert.deepEqual(valuesOf(raw, 'content-digest'), ['sha-256=:a:']);
  assert.deepEqual(valuesOf(raw, 'x-other'), []);
});

test('R36 another spelling of a field that the proof covers does not reach a backend that may take it for the same', async (context) => {
  const sent = ['X-Tenant: one', 'X_Tenant: two', 'x.tenant: three', 'X-Other_Name: four', 'Content_Type: text/html'];
  const config: Config = { routes: [{ match: '/api/x', signed: ['x-tenant'] }] };
  const policy = compilePolicy(config);
  const route = policy.match('GET', '/api/x', '/api/x');
  const raw = await delivered(context, sent, config, { says: { decide: () => ({ route }) } });
  assert.deepEqual(
    raw.filter((_, index) => index % 2 === 0 && /tenant|other|type/i.test(raw[index] ?? '')),
    ['X-Tenant', 'X-Other_Name'],
  );
});
