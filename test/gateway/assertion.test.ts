import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { createAssertions } from '../../src/gateway/assertion.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { keyOf, personOf } from '../support/person.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

const SECRET = 'a secret of more than thirty-two characters';
const AUDIENCE = 'http://localhost:3000';
const ISSUER = 'https://app.example';

function clockAt(start: number) {
  let now = start;
  return {
    now: () => now,
    advance(by: number) {
      now += by;
    },
  };
}

function make(changes: { secret?: string; now?: () => number; audience?: string } = {}) {
  return createAssertions({ secret: SECRET, issuer: ISSUER, audience: AUDIENCE, now: Date.now, ...changes });
}

const guard = pageGuard();
const passed = (changes: Partial<Decision> = {}): Decision =>
  decisionOf(guard, viewOf(), { level: 'proof', session: 'AAAAAAAAAAA', client: 'default', ...changes });

test('R9 an assertion names issuer, audience, session, level and client, and lives a minute', async () => {
  const assertions = make();
  const token = assertions.fieldFor(passed());
  const keys = createLocalJWKSet(toKeySet(assertions.jwks()));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['EdDSA'],
  });
  assert.equal(protectedHeader.alg, 'EdDSA');
  const { iat = 0, exp = 0, ...claims } = payload;
  assert.equal(exp - iat, 60);
  assert.deepEqual(claims, { iss: ISSUER, aud: AUDIENCE, session: 'AAAAAAAAAAA', level: 'proof', client: 'default' });
});

const claimsIn = (token: string): Record<string, unknown> => {
  const {
    iat: _,
    exp: __,
    iss: ___,
    aud: ____,
    ...rest
  } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return rest;
};

test('an assertion says who calls, in the claims of their standards', () => {
  const subject = personOf({ roles: ['editor'], scopes: ['a', 'b'], acr: 'gold', amr: ['pwd'], authTime: 12.7 });
  assert.deepEqual(claimsIn(make().fieldFor(passed({ subject }))), {
    session: 'AAAAAAAAAAA',
    level: 'proof',
    client: 'default',
    sub: '7',
    source: 'accounts',
    roles: ['editor'],
    scope: 'a b',
    acr: 'gold',
    amr: ['pwd'],
    auth_time: 12,
  });
});

test('R69 an assertion of a key names the key and its account, and nobody', () => {
  const key = keyOf({ scopes: ['posts:read'] });
  const none = { session: '', client: '', level: 'open' as const };
  const own = { level: 'open', key: 'k1', account: 'partner' };
  assert.deepEqual(claimsIn(make().fieldFor(passed({ ...none, key }))), { ...own, scope: 'posts:read' });
  const both = claimsIn(make().fieldFor(passed({ ...none, key, subject: personOf() })));
  assert.deepEqual(both, { ...own, sub: '7', source: 'accounts' }, 'a key’s scopes are not the person’s');
});

test('one person’s assertion is never another’s, nor an earlier login’s, though session and level are the same', () => {
  const assertions = make();
  const people = [
    personOf(),
    personOf({ id: '8' }),
    personOf({ source: 'jwt' }),
    personOf({ roles: ['admin'] }),
    personOf({ scopes: ['a b'] }),
    personOf({ scopes: ['a'], roles: ['b'] }),
    personOf({ authTime: 5 }),
    personOf({ acr: 'gold' }),
    null,
  ];
  const keys = [null, keyOf(), keyOf({ account: 'other' }), keyOf({ scopes: ['x'] })];
  const tokens = people.flatMap((subject) => keys.map((key) => assertions.fieldFor(passed({ subject, key }))));
  // Beside a person, a key's scopes are not said.
  const alike = people.length - 1;
  assert.equal(new Set(tokens).size, people.length * keys.length - alike);
  assert.equal(assertions.fieldFor(passed({ subject: personOf() })), tokens[0], 'the same person’s is used again');
});

function toKeySet(set: { readonly keys: readonly object[] }) {
  return { keys: set.keys.map((key) => ({ kty: '', ...key })) };
}

test('a request without a session asserts its level alone', () => {
  const [, claims = ''] = make()
    .fieldFor(passed({ session: '', client: '', level: 'site' }))
    .split('.');
  const { iat, exp, ...rest } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  assert.deepEqual(rest, { iss: ISSUER, aud: AUDIENCE, level: 'site' });
  assert.equal(exp - iat, 60);
});

test('requests that an enforced or reported layer refuses carry none', () => {
  const step = { layer: 'site', code: 'site', enforced: false, evidence: '', wouldPass: '' } as const;
  assert.equal(make().fieldFor(passed({ trail: [step] })), '');
  assert.equal(make().fieldFor(passed({ outcome: 'refuse', code: 'site' })), '');
  assert.equal(make().fieldFor(passed({ outcome: 'error', code: 'unsure' })), '');
});

test('a session’s assertion is used for 30 s, and never when less than half of its life is left', () => {
  const clock = clockAt(1_700_000_000_000);
  const assertions = make({ now: clock.now });
  const first = assertions.fieldFor(passed());
  clock.advance(29_999);
  assert.equal(assertions.fieldFor(passed()), first);
  clock.advance(1);
  const second = assertions.fieldFor(passed());
  assert.notEqual(second, first);
  clock.advance(-3_600_000);
  assert.notEqual(assertions.fieldFor(passed()), second, 'a clock that was set back');
});

test('sessions, levels and clients never share an assertion', () => {
  const assertions = make();
  const tokens = [
    passed(),
    passed({ session: 'BBBBBBBBBBB' }),
    passed({ level: 'session' }),
    passed({ client: 'other' }),
    passed({ session: '' }),
  ].map((decision) => assertions.fieldFor(decision));
  assert.equal(new Set(tokens).size, tokens.length);
});

test('what is remembered is bounded', () => {
  const clock = clockAt(1_700_000_000_000);
  const assertions = make({ now: clock.now });
  const first = assertions.fieldFor(passed({ session: 'first' }));
  for (let count = 0; count < 10_000; count++) assertions.fieldFor(passed({ session: `s${count}` }));
  clock.advance(1000);
  assert.notEqual(assertions.fieldFor(passed({ session: 'first' })), first);
});

test('instances that share the secret share the key; without one each start has its own', () => {
  const keyOf = (secret: string): string => decodeProtectedHeader(make({ secret }).fieldFor(passed())).kid ?? '';
  assert.equal(keyOf(SECRET), keyOf(SECRET));
  assert.notEqual(keyOf(SECRET), keyOf(`${SECRET}!`));
  assert.notEqual(keyOf(''), keyOf(''));
});

test('only the public half is published', () => {
  const [key] = make().jwks().keys;
  assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

test('R9 a backend that verifies refuses direct calls, foreign gates, other audiences and stale assertions', async (t) => {
  const clock = clockAt(Date.now());
  const assertions = make({ now: clock.now });
  const keys = createServer((_request, response) => response.end(JSON.stringify(assertions.jwks())));
  const keysAt = await listening(t, keys);
  // The verifier of docs/running.md.
  const gateKeys = createRemoteJWKSet(new URL(`${keysAt}/_sallyport/jwks.json`));
  const backend = createServer((incoming, response) => {
    const token = incoming.headers['sallyport-assertion'];
    jwtVerify(typeof token === 'string' ? token : '', gateKeys, {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['EdDSA'],
    }).then(
      () => response.writeHead(200).end(),
      () => response.writeHead(403).end(),
    );
  });
  const backendAt = await listening(t, backend);
  const call = (token?: string): Promise<number> =>
    statusOf(backendAt, token === undefined ? {} : { 'Sallyport-Assertion': token });

  assert.equal(await call(assertions.fieldFor(passed())), 200);
  assert.equal(await call(), 403, 'a direct call');
  assert.equal(
    await call(make({ secret: 'another secret, just as long as that one' }).fieldFor(passed())),
    403,
    'another gate',
  );
  assert.equal(await call(make({ audience: 'http://other:1' }).fieldFor(passed())), 403, 'for another backend');
  const [head = '', , signature = ''] = assertions.fieldFor(passed()).split('.');
  const forged = Buffer.from(
    JSON.stringify({ iss: ISSUER, aud: AUDIENCE, exp: Date.now() / 1000 + 60, level: 'proof' }),
  ).toString('base64url');
  assert.equal(await call(`${head}.${forged}.${signature}`), 403, 'altered');
  clock.advance(-120_000);
  assert.equal(await call(assertions.fieldFor(passed())), 403, 'stale');
});

async function listening(
  t: { after(done: () => void): void },
  server: ReturnType<typeof createServer>,
): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
