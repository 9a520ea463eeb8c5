import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { createKeySet } from '../../../src/identity/jwt/key-set.ts';
import { Fault } from '../../../src/identity/jwt/fault.ts';
import { type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from './issuer.ts';
import { type Desk, issuerAt, openDesk, session } from './support.ts';

const MINUTE = 60_000;

describe('an issuer’s key set', () => {
  let one: TestKey;
  let two: TestKey;
  let server: KeyServer;
  let desk: Desk;
  before(async () => {
    [one, two] = await Promise.all([makeKey('ES256', 'one'), makeKey('RS256', 'two')]);
  });
  beforeEach(async () => {
    server = await startKeyServer([one.jwk]);
    desk = await openDesk(issuerAt(server.url));
  });
  afterEach(async () => {
    await desk.close();
    await server.close();
  });

  const verdict = async (key: TestKey, at = desk.clock.now): Promise<string> =>
    (await desk.bearer(await makeToken(key, at))).code;

  /** Resolves once the question that runs in the background has arrived. */
  async function settled(asked: number): Promise<void> {
    for (let tries = 0; tries < 500 && server.asked() < asked; tries++)
      await new Promise((done) => setTimeout(done, 5));
    assert.equal(server.asked(), asked);
  }

  test('nobody is asked before a token comes, and then once for all that come together', async () => {
    assert.equal(server.asked(), 0);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => makeToken(one, desk.clock.now)));
    const shown = await Promise.all(tokens.map((token) => desk.bearer(token)));
    assert.deepEqual(new Set(shown.map(({ code }) => code)), new Set(['']));
    assert.equal(server.asked(), 1);
  });

  test('a key that was rotated in the middle of a session is fetched at its first token; nobody is logged out', async () => {
    const shown = { session: session() };
    const before = await makeToken(one, desk.clock.now);
    assert.equal((await desk.bearer(before, shown)).code, '');
    desk.clock.now += MINUTE;
    server.serve([one.jwk, two.jwk]);
    const renewed = await makeToken(two, desk.clock.now);
    const calls = await Promise.all([before, renewed, renewed, before].map((token) => desk.bearer(token, shown)));
    assert.deepEqual(
      calls.map(({ code }) => code),
      ['', '', '', ''],
    );
    assert.equal(server.asked(), 2);
  });

  test('R58 unknown names cost one question a cool-down, however many come', async () => {
    assert.equal(await verdict(one), '');
    desk.clock.now += MINUTE;
    const stranger = await makeKey('ES256', 'stranger');
    for (let round = 0; round < 10; round++) {
      const token = await makeToken(stranger, desk.clock.now - 5 * MINUTE, {
        header: { kid: `k${round}` },
        claims: { exp: 9e9 },
      });
      assert.equal((await desk.bearer(token)).code, 'login-required');
    }
    assert.equal(server.asked(), 2);
    desk.clock.now += 30_000;
    assert.equal(await verdict(stranger, desk.clock.now - MINUTE), 'login-required');
    assert.equal(server.asked(), 3);
  });

  test('a key that may have come since the last question is not known to be none: 503 and when to ask again, never a logout', async () => {
    assert.equal(await verdict(one), '');
    desk.clock.now += MINUTE;
    // Somebody makes the gate ask right before the issuer rotates.
    assert.equal(await verdict(await makeKey('ES256', 'x'), desk.clock.now - MINUTE), 'login-required');
    server.serve([two.jwk]);
    desk.clock.now += 10_000;
    const token = await makeToken(two, desk.clock.now);
    const early = await desk.bearer(token);
    assert.deepEqual([early.code, early.context.retryAfter], ['unsure', 20]);
    desk.clock.now += 20_000;
    assert.equal((await desk.bearer(token)).code, '');
  });

  test('R18 a key that is taken back ends the tokens it signed, within the time the set says of itself', async () => {
    server.serve([one.jwk, two.jwk], 'public, max-age=120');
    const token = await makeToken(one, desk.clock.now);
    assert.equal((await desk.bearer(token)).code, '');
    server.serve([two.jwk], 'public, max-age=120');
    desk.clock.now += 60_000;
    assert.deepEqual([(await desk.bearer(token)).code, server.asked()], ['', 1]);
    desk.clock.now += 61_000;
    const shown = await desk.bearer(token);
    assert.equal(shown.code, 'login-required');
    assert.match(shown.evidence, /kid: no key "one"/);
  });

  test('the set is renewed ahead of its end, and nobody waits for it', async () => {
    const token = await makeToken(one, desk.clock.now);
    await desk.bearer(token);
    desk.clock.now += 9 * MINUTE;
    const shown = await desk.bearer(token);
    assert.deepEqual([shown.code, shown.atOnce], ['', true]);
    await settled(2);
  });

  test('R60 while the set cannot be reached for minutes, whoever has a token goes on, at once', async () => {
    const shown = { session: session() };
    await desk.bearer(await makeToken(one, desk.clock.now), shown);
    server.answer = (_request, response) => void response.destroy();
    for (let minute = 0; minute < 90; minute += 3) {
      desk.clock.now += 3 * MINUTE;
      const token = await makeToken(one, desk.clock.now);
      const calls = [await desk.bearer(token, shown), await desk.bearer(token, shown)];
      assert.deepEqual(
        calls.map(({ code }) => code),
        ['', ''],
        `minute ${minute}`,
      );
    }
    assert.ok(server.asked() <= 31, `asked ${server.asked()} times in 90 minutes`);
  });

  test('after a day without an answer nothing is known any more: 503, and the next answer heals it', async () => {
    await desk.bearer(await makeToken(one, desk.clock.now));
    server.answer = (_request, response) => void response.writeHead(500).end();
    desk.clock.now += 25 * 60 * MINUTE;
    const token = await makeToken(one, desk.clock.now);
    assert.equal((await desk.bearer(token)).code, 'unsure');
    server.serve([one.jwk]);
    desk.clock.now += MINUTE;
    assert.equal(await verdict(one), '');
  });

  test('a gate that starts before its issuer says 503, and goes on within seconds', async () => {
    server.answer = (_request, response) => void response.writeHead(503).end();
    const token = await makeToken(one, desk.clock.now);
    const early = await desk.bearer(token);
    assert.deepEqual([early.code, early.context.retryAfter], ['unsure', 5]);
    assert.equal((await desk.bearer(token)).code, 'unsure');
    assert.equal(server.asked(), 1, 'not asked again at once');
    server.serve([one.jwk]);
    desk.clock.now += 5_000;
    assert.equal((await desk.bearer(token)).code, '');
  });

  const BAD: readonly { what: string; answer: KeyServer['answer'] }[] = [
    { what: 'a redirect', answer: (_, response) => void response.writeHead(302, { Location: '/elsewhere' }).end() },
    { what: 'a page', answer: (_, response) => void response.end('<!doctype html>') },
    { what: 'a list', answer: (_, response) => void response.end('[]') },
    { what: 'keys twice', answer: (_, response) => void response.end('{"keys":[],"keys":[]}') },
    {
      what: 'a thousand keys',
      answer: (_, response) => void response.end(JSON.stringify({ keys: Array(1000).fill({ kty: 'EC' }) })),
    },
    { what: '204', answer: (_, response) => void response.writeHead(204).end() },
    {
      what: 'a broken answer',
      answer: (_, response) => void response.writeHead(200, { 'Content-Length': '500' }).end('{"keys":['),
    },
  ];
  for (const { what, answer } of BAD) {
    test(`${what} in place of a key set leaves the keys as they were`, async () => {
      assert.equal(await verdict(one), '');
      server.answer = answer;
      desk.clock.now += 9.5 * MINUTE;
      assert.equal(await verdict(one), '');
      await settled(2);
      desk.clock.now += MINUTE;
      assert.equal(await verdict(one), '');
    });
  }

  test('an endless answer is cut off', async () => {
    let written = 0;
    server.answer = (_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    };
    assert.equal(await verdict(one), 'unsure');
    assert.ok(written < 50 * 1024 * 1024, `${written} bytes were taken`);
  });

  test('an answer that never comes is not waited for', async () => {
    server.answer = () => {};
    const clock = { wall: () => 0, monotonic: () => 0 };
    const keys = createKeySet({ url: server.url, algorithms: undefined, clock, fetch, timeout: 20 });
    const found = await keys.find('ES256', 'one', 0);
    assert.ok(found instanceof Fault && found.unsure > 0);
  });

  test('R37 R57 of a set only public signature keys of good length are taken, each for one algorithm', async () => {
    const weak = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
    const [jwk, secret] = [await exportJWK(weak.publicKey), await exportJWK(weak.privateKey)];
    const short = { ...jwk, n: Buffer.alloc(128, 0xff).toString('base64url'), kid: 'short' };
    const slow = { ...jwk, e: Buffer.alloc(64, 0xff).toString('base64url'), kid: 'slow' };
    const odd = [
      short,
      slow,
      { ...secret, kid: 'private' },
      { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), alg: 'HS256', kid: 'oct' },
      { ...one.jwk, use: 'enc', kid: 'enc' },
      { ...one.jwk, key_ops: ['sign'], kid: 'ops' },
      { ...one.jwk, alg: 'RS256', kid: 'mismatch' },
      { ...one.jwk, x: 'AAAA', kid: 'off-curve' },
      null,
      7,
    ];
    server.serve([...(odd as TestKey['jwk'][]), { ...jwk, kid: 'good' }]);
    const clock = { wall: () => 0, monotonic: () => 0 };
    const keys = createKeySet({ url: server.url, algorithms: undefined, clock, fetch });
    for (const kid of ['short', 'slow', 'private', 'oct', 'enc', 'ops', 'mismatch', 'off-curve']) {
      for (const alg of ['RS256', 'ES256', 'HS256'])
        assert.ok((await keys.find(alg, kid, 0)) instanceof Fault, `${kid} ${alg}`);
    }
    assert.ok(!((await keys.find('RS256', 'good', 0)) instanceof Fault));
    assert.ok((await keys.find('PS256', 'good', 0)) instanceof Fault);
  });

  test('a token without a kid passes where there is one key for its algorithm, and is refused where there are two', async () => {
    const nameless = (at: number) => makeToken({ ...one, kid: '' }, at);
    assert.equal((await desk.bearer(await nameless(desk.clock.now))).code, '');
    const another = await makeKey('ES256', 'another');
    server.serve([one.jwk, another.jwk]);
    desk.clock.now += MINUTE;
    assert.equal(await verdict(another), '');
    assert.equal((await desk.bearer(await nameless(desk.clock.now - MINUTE))).code, 'login-required');
  });
});

describe('several issuers', () => {
  let keys: readonly [TestKey, TestKey];
  let servers: readonly [KeyServer, KeyServer];
  let desk: Desk;
  before(async () => {
    keys = [await makeKey('ES256', 'same'), await makeKey('ES256', 'same')];
    servers = [await startKeyServer([keys[0].jwk]), await startKeyServer([keys[1].jwk])];
    desk = await openDesk([
      issuerAt(servers[0].url, { name: 'own' }),
      issuerAt(servers[1].url, { name: 'partner', issuer: 'https://partner.example' }),
    ]);
  });
  after(async () => {
    await desk.close();
    for (const server of servers) await server.close();
  });

  test('R57 each vouches for its own people alone: the same sub of two issuers is two people', async () => {
    const mine = await desk.bearer(await makeToken(keys[0], desk.clock.now));
    const theirs = await desk.bearer(
      await makeToken(keys[1], desk.clock.now, { claims: { iss: 'https://partner.example' } }),
    );
    assert.deepEqual([mine.subject?.source, mine.subject?.id], ['jwt/own', 'ada']);
    assert.deepEqual([theirs.subject?.source, theirs.subject?.id], ['jwt/partner', 'ada']);
  });

  test('R57 a key of one, under the same name, signs nothing of the other', async () => {
    const shown = await desk.bearer(await makeToken(keys[1], desk.clock.now));
    assert.deepEqual([shown.code, shown.evidence], ['login-required', 'token: signature: does not hold by "ES256"']);
  });
});
