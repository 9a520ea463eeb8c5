import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import type { Config } from '../../src/guard/config.ts';
import type { JwtConfig } from '../../src/guard/config-jwt.ts';
import { startGate } from '../../src/gateway/index.ts';
import { forgedTokens } from '../../src/lab/attackers/jwt-forged.ts';
import { stolenToken } from '../../src/lab/attackers/jwt-stolen.ts';
import type { RungReport } from '../../src/lab/outcome.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { startBackend } from './backend.ts';

const JWT = { issuer: 'app', audience: 'app' };
const asks: NonNullable<Config['routes']> = [{ match: 'GET /api/posts', user: true }];

interface Run {
  readonly stolen: RungReport;
  readonly forged: RungReport;
  /** Times that the backend served its list. */
  readonly served: number;
}

async function attack(config: Config, token: string, tokenHeader = 'authorization'): Promise<Run> {
  const backend = await startBackend();
  const gate = await startGate({ routes: asks, ...config, to: backend.url, listen: '127.0.0.1:0', mode: 'enforce' });
  try {
    const url = `http://127.0.0.1:${gate.address.port}/api/posts`;
    const { rungs } = await runAttackers(url, { seconds: 60, token, tokenHeader }, [stolenToken, forgedTokens]);
    const [stolen, forged] = rungs;
    assert.ok(stolen !== undefined && forged !== undefined);
    return { stolen, forged, served: backend.served() };
  } finally {
    await gate.close({ graceMs: 100 });
    await backend.close();
  }
}

const sign = (secret: string): Promise<string> =>
  new SignJWT({ sub: 'ada' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('app')
    .setAudience('app')
    .setExpirationTime('1h')
    .sign(Buffer.from(secret));

const random = (): string => randomBytes(32).toString('base64url');

test('R57 R58 tokens stolen and forged get nowhere, and their owner goes on', async () => {
  const secret = random();
  const jwt: JwtConfig = { ...JWT, secret };
  const { stolen, forged, served } = await attack({ login: { jwt } }, await sign(secret));
  assert.deepEqual([stolen.verdict, stolen.tried, stolen.honest], ['stopped', 8, 2], JSON.stringify(stolen));
  assert.equal(stolen.refused['session-mismatch'], 5);
  assert.deepEqual([forged.verdict, forged.admitted], ['stopped', 0], JSON.stringify(forged));
  assert.ok(forged.tried > 25, `${forged.tried} forgeries`);
  assert.deepEqual(forged.notes, []);
  assert.equal(served, stolen.honest + forged.honest);
});

test('R57 R58 at an address that answers without a token the gate is asked whom it sees, in both directions', async () => {
  const secret = random();
  const bound = await attack({ login: { jwt: { ...JWT, secret } }, routes: [] }, await sign(secret));
  assert.deepEqual([bound.stolen.verdict, bound.stolen.tried], ['stopped', 8], JSON.stringify(bound.stolen));
  assert.deepEqual([bound.forged.verdict, bound.forged.admitted], ['stopped', 0], JSON.stringify(bound.forged));
  for (const { notes } of [bound.stolen, bound.forged])
    assert.ok(notes.some((note) => note.includes('the gate itself was asked')));
  const loose: JwtConfig = { ...JWT, secret, bind: 'none' };
  const { stolen } = await attack({ login: { jwt: loose }, routes: [] }, await sign(secret));
  assert.deepEqual([stolen.verdict, stolen.admitted], ['gets in', 5], JSON.stringify(stolen));
});

test('with bind none the lab says that a stolen token is good in a session of the thief’s own', async () => {
  const secret = random();
  const jwt: JwtConfig = { ...JWT, secret, bind: 'none', header: 'your-api-token' };
  const { stolen, forged, served } = await attack({ login: { jwt } }, await sign(secret), 'your-api-token');
  assert.deepEqual([stolen.verdict, stolen.admitted], ['gets in', 5], JSON.stringify(stolen));
  assert.ok(stolen.notes.some((note) => note.includes('a session of the thief’s own')));
  assert.equal(forged.verdict, 'stopped');
  assert.equal(served, stolen.admitted + stolen.honest + forged.honest);
});

test('where the token’s secret is one that everybody tries, the lab says so', async () => {
  const secret = 'your-256-bit-secret';
  // No configuration takes such a secret: a hook of the app's own code stands for whoever does.
  const identify: NonNullable<Config['login']>['identify'] = async (request) => {
    const { jwtVerify } = await import('jose');
    const token = request.header('authorization').slice(7);
    const verified = await jwtVerify(token, Buffer.from(secret), { issuer: 'app' }).catch(() => null);
    return verified === null ? null : { id: String(verified.payload.sub) };
  };
  const { forged } = await attack({ login: { identify } }, await sign(secret));
  assert.equal(forged.verdict, 'gets in', JSON.stringify(forged));
  assert.deepEqual(forged.notes, ['taken with the secret "your-256-bit-secret"']);
});

test('without a token, and with one that is not taken, nothing was learned and nobody stopped', async () => {
  const jwt: JwtConfig = { ...JWT, secret: random() };
  const cases: readonly [Config, string, RegExp][] = [
    [{ login: { jwt } }, '', /no token of the app was given/],
    [{ login: { jwt } }, await sign(random()), /not taken \(code login-required\)/],
    [{ login: { jwt }, routes: [] }, await sign(random()), /not taken/],
  ];
  for (const [config, token, why] of cases) {
    const { stolen, forged } = await attack(config, token);
    for (const rung of [stolen, forged]) {
      assert.deepEqual([rung.verdict, rung.admitted], ['not run', 0]);
      assert.match(rung.why, why);
    }
  }
});

test('a token that a page shows already is seen to be worth nothing to the lab', async () => {
  const secret = random();
  const token = await sign(secret);
  const backend = await startBackend();
  const jwt: JwtConfig = { ...JWT, secret };
  const gate = await startGate({
    routes: asks,
    login: { jwt },
    to: backend.url,
    listen: '127.0.0.1:0',
    mode: 'enforce',
  });
  try {
    const url = `http://127.0.0.1:${gate.address.port}/api/posts`;
    const first = await runAttackers(url, { seconds: 60, token }, [stolenToken]);
    const second = await runAttackers(url, { seconds: 60, token }, [stolenToken, forgedTokens]);
    assert.equal(first.rungs[0]?.verdict, 'stopped');
    const [stolen, forged] = second.rungs;
    assert.deepEqual([stolen?.verdict, stolen?.refused], ['stopped', { 'session-mismatch': 1 }]);
    assert.deepEqual([forged?.verdict, forged?.honest], ['stopped', 0]);
    for (const report of [first, second])
      assert.ok(!JSON.stringify(report).includes(token.slice(-20)), 'no token in a report');
  } finally {
    await gate.close({ graceMs: 100 });
    await backend.close();
  }
});
