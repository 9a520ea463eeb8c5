import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose';
import { refusal } from '../../src/guard/decision.ts';
import { createDpopMemory } from '../../src/identity/dpop-memory.ts';
import { createSubject } from '../../src/layers/subject.ts';
import { viewOf } from '../support/view.ts';
import { type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from './jwt/issuer.ts';
import { type Desk, issuerAt, openDesk, type Shown } from './jwt/support.ts';

const NOTHING = viewOf();
const URL_OF_CALL = 'http://localhost:4000/api/posts';

interface ProofOptions {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly without?: readonly string[];
  readonly by?: TestKey;
}

describe('tokens bound to a key (DPoP)', () => {
  let key: TestKey;
  let holder: TestKey;
  let thief: TestKey;
  let server: KeyServer;
  let desk: Desk;
  let token: string;
  let nonce: string;
  before(async () => {
    [key, holder, thief] = await Promise.all([makeKey(), makeKey('ES256', ''), makeKey('ES256', '')]);
    server = await startKeyServer([key.jwk]);
  });
  after(() => server.close());
  beforeEach(async () => {
    desk = await openDesk(issuerAt(server.url));
    token = await makeToken(key, desk.clock.now, { claims: { cnf: { jkt: await thumbprint(holder) } } });
    nonce = (await show(await prove({ without: ['nonce'] }))).fields.get('dpop-nonce') ?? '';
    return () => desk.close();
  });

  const publicHalf = ({ jwk }: TestKey): JWK => ({ kty: 'EC', crv: 'P-256', x: String(jwk.x), y: String(jwk.y) });
  const thumbprint = (one: TestKey): Promise<string> => calculateJwkThumbprint(publicHalf(one));

  function prove({ header, claims, without = [], by = holder }: ProofOptions = {}): Promise<string> {
    const content: Record<string, unknown> = {
      htm: 'GET',
      htu: URL_OF_CALL,
      iat: Math.floor(desk.clock.now / 1000),
      jti: randomUUID(),
      ath: createHash('sha256').update(token).digest('base64url'),
      nonce,
      ...claims,
    };
    for (const name of without) delete content[name];
    const protectedHeader = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicHalf(by), ...header };
    return new SignJWT(content).setProtectedHeader(protectedHeader).sign(by.privateKey);
  }

  const show = (proof: string, more: Record<string, string> = {}): Promise<Shown> =>
    desk.show({ headers: { authorization: `DPoP ${token}`, dpop: proof, ...more } });

  test('R46 R50 who holds the key is asked for a nonce once, and passes with it from then on', async () => {
    const first = await show(await prove({ without: ['nonce'] }));
    assert.equal(first.code, 'login-required');
    assert.match(first.fields.get('www-authenticate') ?? '', /^DPoP error="use_dpop_nonce", algs="RS256 .*ES256/);
    assert.match(nonce, /^[0-9a-z]+\.[\w-]{22}$/, 'its time, and 128 random bits');
    for (let call = 0; call < 3; call++) {
      const shown = await show(await prove());
      assert.deepEqual([shown.subject?.id, shown.evidence], ['ada', '']);
      assert.equal(shown.fields.has('dpop-nonce'), false, 'the client has the current one');
    }
  });

  test('R50 L13 a client’s wrong clock refuses nobody: the nonce says when', async () => {
    for (const minutes of [-600, 600]) {
      const iat = Math.floor(desk.clock.now / 1000) + minutes * 60;
      assert.equal((await show(await prove({ claims: { iat } }))).code, '');
    }
  });

  const BROKEN: readonly (ProofOptions & { what: string; rule: RegExp })[] = [
    { what: 'another method', claims: { htm: 'POST' }, rule: /^htm/ },
    { what: 'another path', claims: { htu: 'http://localhost:4000/api/users' }, rule: /^htu/ },
    { what: 'another host', claims: { htu: 'http://attacker.example/api/posts' }, rule: /^htu/ },
    { what: 'another port', claims: { htu: 'http://localhost:4001/api/posts' }, rule: /^htu/ },
    { what: 'a user in the address', claims: { htu: 'http://x@localhost:4000/api/posts' }, rule: /^htu/ },
    { what: 'no address', claims: { htu: 7 }, rule: /^htu/ },
    { what: 'another token’s hash', claims: { ath: 'A'.repeat(43) }, rule: /^ath/ },
    { what: 'no token’s hash', without: ['ath'], rule: /^ath/ },
    { what: 'no jti', without: ['jti'], rule: /^jti/ },
    { what: 'a jti of 129 characters', claims: { jti: 'j'.repeat(129) }, rule: /^jti/ },
    { what: 'no iat', without: ['iat'], rule: /^iat/ },
    { what: 'typ JWT', header: { typ: 'JWT' }, rule: /^typ/ },
    { what: 'an extension declared critical', header: { crit: ['x'], x: 1 }, rule: /^crit/ },
    { what: 'a nonce of nobody’s', claims: { nonce: 'x' }, rule: /^nonce/ },
    { what: 'a nonce that is no text', claims: { nonce: [1] }, rule: /^nonce/ },
  ];
  for (const { what, rule, ...options } of BROKEN) {
    test(`R50 a proof with ${what} is refused`, async () => {
      // The library refuses to sign what it does not know as critical; the header is then written by hand.
      const proof = options.header?.['crit'] === undefined ? await prove(options) : await altered(options.header);
      const shown = await show(proof);
      assert.equal(shown.code, 'login-required');
      assert.match(shown.evidence.replace(/^DPoP: /, ''), rule);
      assert.match(shown.fields.get('www-authenticate') ?? '', /^DPoP error="(invalid_dpop_proof|use_dpop_nonce)"/);
    });
  }

  async function altered(header: Record<string, unknown>): Promise<string> {
    const [head = '', ...rest] = (await prove()).split('.');
    const parsed = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
    return [Buffer.from(JSON.stringify({ ...parsed, ...header })).toString('base64url'), ...rest].join('.');
  }

  test('R50 a thief’s own key, in the proof or only in its header, is not the token’s', async () => {
    assert.match((await show(await prove({ by: thief }))).evidence, /jkt/);
    assert.match((await show(await prove({ by: thief, header: { jwk: publicHalf(holder) } }))).evidence, /signature/);
  });

  test('R50 a private key in the proof, a secret for a key, and symmetric algorithms are refused', async () => {
    const secret = await exportJWK(holder.privateKey);
    assert.match((await show(await prove({ header: { jwk: secret } }))).evidence, /jwk: a private key/);
    assert.match((await show(await altered({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }))).evidence, /alg/);
    assert.match((await show(await altered({ alg: 'none' }))).evidence, /alg/);
    assert.match((await show(await altered({ jwk: null }))).evidence, /jwk: missing/);
  });

  test('R50 exactly one header', async () => {
    const [one, two] = [await prove(), await prove()];
    assert.match((await show(one, { DPoP: two })).evidence, /not exactly one header/);
    const none = await desk.show({ headers: { authorization: `DPoP ${token}` } });
    assert.match(none.evidence, /not exactly one header/);
  });

  test('R50 the same proof a second time is refused, and one that did not hold used nothing up (R43)', async () => {
    const claims = { jti: 'once' };
    assert.equal((await show(await prove({ claims, by: thief }))).code, 'login-required');
    assert.equal((await show(await prove({ claims: { ...claims, htm: 'POST' } }))).code, 'login-required');
    const proof = await prove({ claims });
    assert.equal((await show(proof)).code, '');
    const again = await show(proof);
    assert.deepEqual([again.code, again.evidence], ['login-required', 'DPoP: jti: seen before']);
    const sameId = await show(await prove({ claims }));
    assert.equal(sameId.evidence, 'DPoP: jti: seen before');
  });

  test('a proof may come once more where the page’s script sends a refused call again by itself, and only there', async () => {
    const layer = createSubject({ logins: null, readers: [desk.reader] });
    const proof = await prove();
    const first = await show(proof);
    assert.equal(first.code, '');
    layer.observe?.(NOTHING, first.context, refusal('stale', ''));
    const second = await show(proof);
    assert.equal(second.code, '');
    for (const refused of [null, refusal('forbidden', '')]) layer.observe?.(NOTHING, second.context, refused);
    assert.equal((await show(proof)).evidence, 'DPoP: jti: seen before');
  });

  test('R50 the address is compared normalised: case, default port, escapes, query', async () => {
    const sketch = (htu: string, target: string, host: string) => async () => {
      const headers = { authorization: `DPoP ${token}`, dpop: await prove({ claims: { htu } }), host };
      return (await desk.show({ target, headers })).evidence;
    };
    assert.equal(await sketch('HTTP://LocalHost:80/api/%7eada', '/api/~ada?x=1', 'localhost')(), '');
    assert.equal(await sketch('http://localhost/api/~ada?y=2#z', '/api/%7Eada', 'localhost')(), '');
    assert.match(await sketch('http://localhost/api/%2fada', '/api//ada', 'localhost')(), /htu/);
    assert.match(await sketch('https://localhost/api/x', '/api/x', 'localhost')(), /htu/);
  });

  test('R47 what was made in advance dies when the nonce turns; the next answer brings the new one', async () => {
    const [first, second, third] = [await prove(), await prove(), await prove()];
    assert.equal((await show(first)).code, '');
    desk.clock.now += 130_000;
    const turned = await show(second);
    assert.equal(turned.code, '', 'the one before is still taken');
    assert.notEqual(turned.fields.get('dpop-nonce') ?? nonce, nonce);
    desk.clock.now += 130_000;
    const dead = await show(third);
    assert.equal(dead.code, 'login-required');
    assert.match(dead.fields.get('www-authenticate') ?? '', /use_dpop_nonce/);
  });

  test('a bound token as Bearer, and an unbound one as DPoP, are refused (RFC 9449 §7.1, §7.2)', async () => {
    const bearer = await desk.show({ headers: { authorization: `Bearer ${token}`, dpop: await prove() } });
    assert.deepEqual([bearer.code, bearer.evidence], ['login-required', 'token: a bound token, as Bearer']);
    token = await makeToken(key, desk.clock.now);
    assert.match((await show(await prove())).evidence, /bound to no key/);
    assert.equal((await desk.bearer(token)).code, '', 'unbound tokens need no proof');
  });

  test('dpop require: an unbound token is refused', async () => {
    const strict = await openDesk(issuerAt(server.url, { dpop: 'require' }));
    const shown = await strict.bearer(await makeToken(key, strict.clock.now));
    assert.deepEqual(
      [shown.code, shown.evidence],
      ['login-required', 'token: cnf: missing, and only bound tokens are taken'],
    );
    await strict.close();
  });

  test('pages of other origins can read nonce and challenge', async () => {
    const { context } = await desk.bearer(token);
    context.responseFields = ['access-control-expose-headers', 'date'];
    const headers = [`DPoP ${token}`, await prove({ without: ['nonce'] })];
    await desk.reader.read(
      {
        fields: ['DPoP', headers[1]],
        headers: { authorization: headers[0] },
        repeated: [],
        method: 'GET',
        path: '/api/posts',
      } as never,
      context,
    );
    assert.equal(context.responseFields[1], 'date, dpop-nonce, www-authenticate');
  });
});

describe('the memory of proofs', () => {
  let at = 0;
  const clock = { wall: () => 1_750_000_000_000 + at, monotonic: () => at };
  let drawn = 0;
  const random = (length: number): Buffer => Buffer.alloc(length, ++drawn);

  test('R46 R49 a proof passes once for as long as its nonce is taken, at every moment of it', () => {
    at = 0;
    const memory = createDpopMemory(clock, random);
    const nonce = memory.nonce();
    assert.equal(memory.use(nonce, 'p'), 'used');
    for (at = 0; at < 600_000; at += 7_000) {
      const again = memory.use(nonce, 'p');
      assert.equal(again, at <= 240_000 && again === 'replayed' ? 'replayed' : 'stale', `after ${at} ms`);
      assert.ok(again === 'replayed' || at >= 120_000, `forgotten after ${at} ms`);
    }
  });

  test('its size is bounded: a full period ends early, and nothing is forgotten that could come again', () => {
    at = 0;
    const memory = createDpopMemory(clock, random, 50);
    const seen = new Map<string, string>();
    for (let call = 0; call < 1000; call++) {
      const nonce = memory.nonce();
      assert.equal(memory.use(nonce, `p${call}`), 'used');
      seen.set(`p${call}`, nonce);
    }
    for (const [proof, nonce] of seen) assert.notEqual(memory.use(nonce, proof), 'used');
    assert.equal(new Set(seen.values()).size, 20);
  });

  test('R48 a nonce from before a restart is none', () => {
    at = 0;
    const before = createDpopMemory(clock, random).nonce();
    assert.equal(createDpopMemory(clock, random).use(before, 'p'), 'stale');
  });
});
