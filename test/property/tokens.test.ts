import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { encode, type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from '../identity/jwt/issuer.ts';
import { type Desk, issuerAt, openDesk } from '../identity/jwt/support.ts';

describe('whatever comes as a token', () => {
  let key: TestKey;
  let server: KeyServer;
  let desk: Desk;
  let good: string;
  before(async () => {
    key = await makeKey();
    server = await startKeyServer([key.jwk]);
    desk = await openDesk(issuerAt(server.url, { bind: 'none' }));
    good = await makeToken(key, desk.clock.now);
    assert.equal((await desk.bearer(good)).code, '');
  });
  after(async () => {
    await desk.close();
    await server.close();
  });

  const refused = async (token: string): Promise<void> => {
    const shown = await desk.bearer(token);
    assert.equal(shown.subject, null);
    assert.ok(shown.evidence.length < 160 && !/[\p{Cc}]/u.test(shown.evidence), shown.evidence);
  };

  test('R57 bytes at random are refused and never thrown over', async () => {
    const alphabet = fc.constantFrom(...'AZaz09-_.=+/ %{}"\u0000\u00ff');
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: alphabet, maxLength: 400 })), refused), {
      numRuns: 500,
    });
  });

  test('R57 a good token with any of its characters changed, taken out or doubled is refused', async () => {
    const spots = fc.nat(good.length - 1);
    const digit = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.');
    await fc.assert(
      fc.asyncProperty(spots, digit, fc.constantFrom('change', 'take', 'double'), async (at, other, how) => {
        const put = { change: other, take: '', double: `${good[at]}${good[at]}` }[how];
        const token = good.slice(0, at) + put + good.slice(at + 1);
        fc.pre(token !== good);
        await refused(token);
      }),
      // A flipped bit that makes DEL of a letter in `alg`: JSON does not escape it.
      { numRuns: 1000, examples: [[12, 'f', 'change']] },
    );
  });

  test('R57 a header or claims of any JSON under a good signature of something else are refused', async () => {
    const [head, payload, signature] = good.split('.');
    const json = fc.oneof(
      fc.json(),
      fc
        .dictionary(
          fc.constantFrom('alg', 'kid', 'typ', 'crit', 'zip', 'jku', 'exp', 'iss', 'aud', 'sub', 'cnf', '__proto__'),
          fc.jsonValue(),
        )
        .map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(json, fc.boolean(), async (text, inHeader) => {
        await refused(inHeader ? `${encode(text)}.${payload}.${signature}` : `${head}.${encode(text)}.${signature}`);
      }),
      { numRuns: 500 },
    );
  });

  test('R57 claims that the issuer did sign, but of any other shape, throw nothing, and name somebody only by a good sub', async () => {
    const claims = fc.record(
      {
        exp: fc.jsonValue(),
        nbf: fc.jsonValue(),
        sub: fc.jsonValue(),
        aud: fc.jsonValue(),
        cnf: fc.jsonValue(),
        scope: fc.jsonValue(),
        roles: fc.jsonValue(),
        acr: fc.jsonValue(),
        amr: fc.jsonValue(),
        auth_time: fc.jsonValue(),
        jti: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(claims, async (odd) => {
        const shown = await desk.bearer(await makeToken(key, desk.clock.now, { claims: odd }));
        assert.ok(['', 'login-required'].includes(shown.code));
        if (shown.subject === null) return;
        assert.equal(shown.subject.id, String(odd.sub ?? 'ada'));
        for (const list of [shown.subject.roles, shown.subject.scopes, shown.subject.amr])
          assert.ok(list.every((item) => typeof item === 'string'));
      }),
      { numRuns: 300 },
    );
  });
});
