import assert from 'node:assert/strict';
import { constants, createHmac, KeyObject, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CompactEncrypt, exportSPKI } from 'jose';
import { createKeyRing } from '../../../src/doors/seal.ts';
import { createSubject } from '../../../src/layers/subject.ts';
import { judgeLater } from '../../support/layer.ts';
import { encode, ISSUER, type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from './issuer.ts';
import { type Desk, issuerAt, openDesk } from './support.ts';

/** One hostile or broken token: what it is, why it must not pass, and the rule that the record names. */
interface Hostile {
  readonly what: string;
  readonly why: string;
  readonly rule: RegExp;
  make(world: World): string | Promise<string>;
}

interface World {
  readonly rsa: TestKey;
  readonly ec: TestKey;
  /** Of nobody who is listed. */
  readonly stranger: TestKey;
  readonly now: number;
  /** A key set of the attacker's own. */
  readonly lure: KeyServer;
}

const seconds = (world: World): number => Math.floor(world.now / 1000);
const claimsOf = (world: World, more: object = {}): object => ({
  iss: ISSUER,
  aud: 'https://api.example',
  sub: 'ada',
  iat: seconds(world),
  exp: seconds(world) + 600,
  ...more,
});

/** Signs by hand what no library would. */
function byHand({ ec }: World, header: object | string, claims: object | string | Buffer): string {
  const payload = Buffer.isBuffer(claims) ? claims.toString('base64url') : encode(claims);
  const signed = `${encode(header)}.${payload}`;
  const key = { key: KeyObject.from(ec.privateKey), dsaEncoding: 'ieee-p1363' as const };
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

const HEADER = { alg: 'ES256', kid: 'ec', typ: 'JWT' };

const TOKENS: readonly Hostile[] = [
  {
    what: 'an RS256 key’s public half taken as an HS256 secret',
    why: 'everybody has the public half, so everybody could sign (RFC 8725 §2.1)',
    rule: /^alg: "HS256"/,
    make: async (world) => {
      const signed = `${encode({ alg: 'HS256', kid: 'rsa', typ: 'JWT' })}.${encode(claimsOf(world))}`;
      const pem = await exportSPKI(world.rsa.publicKey);
      return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
    },
  },
  ...['none', 'None', 'NONE', 'nOnE'].map((alg) => ({
    what: `alg ${alg} with no signature`,
    why: 'a token that nobody signed (RFC 8725 §3.2)',
    rule: /^signature: not base64url/,
    make: (world: World) => `${encode({ alg, kid: 'ec' })}.${encode(claimsOf(world))}.`,
  })),
  {
    what: 'alg none with something for a signature',
    why: 'the same, past a check for an empty third part',
    rule: /^alg: "none"/,
    make: (world) => `${encode({ alg: 'none', kid: 'ec' })}.${encode(claimsOf(world))}.AAAA`,
  },
  {
    what: 'no alg at all',
    why: 'there is no default',
    rule: /^alg: nothing/,
    make: (world) => byHand(world, { kid: 'ec' }, claimsOf(world)),
  },
  {
    what: 'an RSA key used with PS256 where it is for RS256',
    why: 'one algorithm per key (RFC 8725 §3.1)',
    rule: /^alg: "PS256", and the key is for RS256/,
    make: (world) => {
      const signed = `${encode({ alg: 'PS256', kid: 'rsa' })}.${encode(claimsOf(world))}`;
      const key = KeyObject.from(world.rsa.privateKey);
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      return `${signed}.${sign('sha256', Buffer.from(signed), options).toString('base64url')}`;
    },
  },
  {
    what: 'a stranger’s key under the name of a good one',
    why: 'the signature does not hold',
    rule: /^signature: does not hold/,
    make: (world) => makeToken(world.stranger, world.now, { header: { kid: 'ec' } }),
  },
  {
    what: 'a stranger’s key in the token’s own jwk',
    why: 'a token does not say by which key it is good (R58)',
    rule: /^signature: does not hold/,
    make: (world) =>
      makeToken(world.stranger, world.now, { header: { kid: 'ec', jwk: world.stranger.jwk as { kty: string } } }),
  },
  {
    what: 'jku at a key set of the attacker’s',
    why: 'no address that a token names is ever asked (R58)',
    rule: /^signature: does not hold/,
    make: (world) => makeToken(world.stranger, world.now, { header: { kid: 'ec', jku: world.lure.url } }),
  },
  {
    what: 'x5u and x5c of the attacker’s',
    why: 'certificates in tokens are not read (R58)',
    rule: /^signature: does not hold/,
    make: (world) =>
      makeToken(world.stranger, world.now, { header: { kid: 'ec', x5u: world.lure.url, x5c: ['MIIB'] } }),
  },
  ...[
    '../../../../dev/null',
    '/proc/self/environ',
    "' UNION SELECT 'AAAA' --",
    'http://169.254.169.254/',
    '__proto__',
  ].map((kid) => ({
    what: `kid ${kid}`,
    why: 'a name is compared with names, and leads nowhere else',
    rule: /^kid: no key/,
    make: (world: World) => makeToken(world.stranger, world.now - 1000, { header: { kid } }),
  })),
  {
    what: 'a kid of 5,000 characters',
    why: 'names are short',
    rule: /^kid: not 1 to 256/,
    make: (world) => makeToken(world.ec, world.now, { header: { kid: 'k'.repeat(5000) } }),
  },
  {
    what: 'a kid that is an object',
    why: 'names are text',
    rule: /^kid: not 1 to 256/,
    make: (world) => byHand(world, { ...HEADER, kid: { $ne: null } }, claimsOf(world)),
  },
  {
    what: 'b64 false, declared critical',
    why: 'what was signed would not be what is read (RFC 7797)',
    rule: /^crit: /,
    make: (world) => byHand(world, { ...HEADER, b64: false, crit: ['b64'] }, claimsOf(world)),
  },
  {
    what: 'b64 false, not declared',
    why: 'the same for parsers that overlook it',
    rule: /^b64: /,
    make: (world) => byHand(world, { ...HEADER, b64: false }, claimsOf(world)),
  },
  {
    what: 'an extension that is declared critical',
    why: 'what is not understood must be refused (RFC 7515 §4.1.11)',
    rule: /^crit: /,
    make: (world) => byHand(world, { ...HEADER, crit: ['exp'], exp: 1 }, claimsOf(world)),
  },
  {
    what: 'zip in a signed token',
    why: 'nothing compressed is opened (R59)',
    rule: /^zip: /,
    make: (world) => byHand(world, { ...HEADER, zip: 'DEF' }, claimsOf(world)),
  },
  {
    what: 'an alg that comes twice in the header',
    why: 'two parsers could take different ones',
    rule: /^header: /,
    make: (world) => byHand(world, '{"alg":"none","alg":"ES256","kid":"ec"}', claimsOf(world)),
  },
  {
    what: 'a sub that comes twice, once spelt with an escape',
    why: 'the backend could take the other one',
    rule: /^claims: /,
    make: (world) => byHand(world, HEADER, JSON.stringify(claimsOf(world)).replace('}', ',"\\u0073ub":"root"}')),
  },
  {
    what: 'a list in place of claims',
    why: 'claims are an object',
    rule: /^claims: /,
    make: (world) => byHand(world, HEADER, '[]'),
  },
  {
    what: 'claims nested a thousand deep',
    why: 'bounded cost',
    rule: /^claims: /,
    make: (world) => byHand(world, HEADER, `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`),
  },
  {
    what: 'claims that are not UTF-8',
    why: 'two decoders could read different texts',
    rule: /^claims: /,
    make: (world) => {
      const open = JSON.stringify(claimsOf(world)).replace('}', ',"x":"');
      return byHand(world, HEADER, Buffer.concat([Buffer.from(open), Buffer.from([0xff]), Buffer.from('"}')]));
    },
  },
  {
    what: 'a signature with stray bits at its end',
    why: 'a token has one spelling',
    rule: /^signature: not base64url/,
    make: async (world) => {
      const token = await makeToken(world.ec, world.now);
      const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(token.at(-1) ?? '');
      return token.slice(0, -1) + 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last ^ 1];
    },
  },
  {
    what: 'padding at the end',
    why: 'a token has one spelling',
    rule: /^signature: not base64url/,
    make: async (world) => `${await makeToken(world.ec, world.now)}==`,
  },
  {
    what: 'a token of 9,000 characters',
    why: 'the bound comes before any work',
    rule: /^form: \d+ characters/,
    make: (world) => makeToken(world.ec, world.now, { claims: { filler: 'x'.repeat(6500) } }),
  },
  {
    what: 'a token of two parts',
    why: 'no form of a token',
    rule: /^form: /,
    make: (world) => byHand(world, HEADER, claimsOf(world)).split('.').slice(0, 2).join('.'),
  },
  {
    what: 'a token of six parts',
    why: 'no form of a token',
    rule: /^form: /,
    make: (world) => `${byHand(world, HEADER, claimsOf(world))}.a.b.c`,
  },
  {
    what: 'an encrypted token where none is expected',
    why: 'kinds are kept apart',
    rule: /^form: encrypted/,
    make: async (world) =>
      new CompactEncrypt(Buffer.from(await makeToken(world.ec, world.now)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })
        .encrypt(Buffer.alloc(32, 1)),
  },
  {
    what: 'an expired token',
    why: 'it has ended',
    rule: /^exp: 31 s ago/,
    make: (world) => makeToken(world.ec, world.now, { claims: { exp: seconds(world) - 31 } }),
  },
  {
    what: 'a token without an end',
    why: 'what never ends can never be let go',
    rule: /^exp: nothing/,
    make: (world) => makeToken(world.ec, world.now, { without: ['exp'] }),
  },
  ...['1e999', '"9999999999"', 'null', 'true', '-1', '[9999999999]'].map((exp) => ({
    what: `exp ${exp}`,
    why: 'times are numbers that a clock can show',
    rule: /^(exp|claims): /,
    make: (world: World) => byHand(world, HEADER, JSON.stringify(claimsOf(world)).replace(/"exp":\d+/, `"exp":${exp}`)),
  })),
  {
    what: 'a token that is not good yet',
    why: 'nbf (RFC 7519 §4.1.5)',
    rule: /^nbf: in 31 s/,
    make: (world) => makeToken(world.ec, world.now, { claims: { nbf: seconds(world) + 31 } }),
  },
  {
    what: 'a token issued in the future',
    why: 'iat beyond the clock’s skew',
    rule: /^iat: in 3600 s/,
    make: (world) =>
      makeToken(world.ec, world.now, { claims: { iat: seconds(world) + 3600, exp: seconds(world) + 7200 } }),
  },
  {
    what: 'a token for another audience',
    why: 'it was given to be shown elsewhere (RFC 8725 §3.9)',
    rule: /^aud: "https:\/\/other.example"/,
    make: (world) => makeToken(world.ec, world.now, { claims: { aud: 'https://other.example' } }),
  },
  {
    what: 'no audience',
    why: 'the same',
    rule: /^aud: nothing/,
    make: (world) => makeToken(world.ec, world.now, { without: ['aud'] }),
  },
  {
    what: 'an audience that only begins like ours',
    why: 'compared as a whole',
    rule: /^aud: /,
    make: (world) => makeToken(world.ec, world.now, { claims: { aud: 'https://api.example.attacker.example' } }),
  },
  {
    what: 'another issuer’s name, signed by the good key',
    why: 'issuer and key belong together (RFC 8725 §3.8)',
    rule: /^iss: "https:\/\/login.example\/"/,
    make: (world) => makeToken(world.ec, world.now, { claims: { iss: `${ISSUER}/` } }),
  },
  {
    what: 'issuers as a list with the good one in it',
    why: 'iss is text',
    rule: /^iss: /,
    make: (world) => makeToken(world.ec, world.now, { claims: { iss: [ISSUER] } }),
  },
  ...['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JOSE+JSON', 'id_token+jwt', 'application/reset+jwt'].map((typ) => ({
    what: `typ ${typ}`,
    why: 'other kinds of tokens are no access tokens (RFC 8725 §3.11)',
    rule: /^typ: /,
    make: (world: World) => makeToken(world.ec, world.now, { header: { typ } }),
  })),
  ...[{ at_hash: 'x' }, { c_hash: 'x' }, { nonce: 'n' }, { typ: 'ID' }, { typ: 'Refresh' }, { token_use: 'id' }].map(
    (claims) => ({
      what: `an ID or refresh token, as told by ${JSON.stringify(claims)}`,
      why: 'it says who logged in at some client, not what may be called (RFC 8725 §3.12)',
      rule: /^kind: /,
      make: (world: World) => makeToken(world.ec, world.now, { claims }),
    }),
  ),
  {
    what: 'a logout token without its type',
    why: 'a security event is no access token',
    rule: /^kind: security event/,
    make: (world) =>
      makeToken(world.ec, world.now, {
        claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      }),
  },
  ...[undefined, '', 'a'.repeat(256), 'a\u0000b', 1.5, ['ada'], { id: 'ada' }].map((sub) => ({
    what: `sub ${JSON.stringify(sub)?.slice(0, 20)}`,
    why: 'nobody is called so',
    rule: /^sub: /,
    make: (world: World) =>
      makeToken(world.ec, world.now, sub === undefined ? { without: ['sub'] } : { claims: { sub } }),
  })),
  {
    what: 'a token bound to a TLS certificate',
    why: 'what is bound in a way that nobody checks here must not pass unbound',
    rule: /^cnf: /,
    make: (world) => makeToken(world.ec, world.now, { claims: { cnf: { 'x5t#S256': 'a'.repeat(43) } } }),
  },
];

describe('hostile tokens', () => {
  let world: World;
  let server: KeyServer;
  let desk: Desk;
  before(async () => {
    const [rsa, ec, stranger] = await Promise.all([
      makeKey('RS256', 'rsa'),
      makeKey('ES256', 'ec'),
      makeKey('ES256', 'x'),
    ]);
    server = await startKeyServer([rsa.jwk, ec.jwk]);
    desk = await openDesk(issuerAt(server.url));
    world = { rsa, ec, stranger, now: desk.clock.now, lure: await startKeyServer([stranger.jwk]) };
  });
  after(async () => {
    await desk.close();
    await server.close();
    await world.lure.close();
  });

  test('the same tokens without their fault pass', async () => {
    for (const token of [
      byHand(world, HEADER, claimsOf(world)),
      await makeToken(world.rsa, world.now),
      await makeToken(world.ec, world.now, {
        header: { typ: 'at+jwt' },
        claims: { nonce: 'n', aud: ['x', 'https://api.example'] },
      }),
      await makeToken(world.ec, world.now, { claims: { typ: 'Bearer', nonce: 'n' } }),
      await makeToken(world.ec, world.now, { claims: { sub: 7 } }),
    ]) {
      const shown = await desk.bearer(token);
      assert.deepEqual([shown.code, shown.subject?.source], ['', 'jwt'], shown.evidence);
    }
  });

  for (const { what, why, rule, make } of TOKENS) {
    test(`R57 R58 R59 ${what} is refused: ${why}`, async () => {
      const token = await make(world);
      for (const again of [1, 2]) {
        const shown = await desk.bearer(token);
        assert.deepEqual([shown.subject, shown.code], [null, 'login-required'], `time ${again}: ${shown.evidence}`);
        assert.match(shown.evidence.replace(/^token: /, ''), rule);
        assert.equal(shown.fields.get('www-authenticate'), 'Bearer error="invalid_token"');
        assert.ok(shown.evidence.length < 160, 'evidence is short');
      }
    });
  }

  test('R58 through all of it nobody was asked but the issuer, and the issuer once a cool-down', () => {
    assert.equal(world.lure.asked(), 0);
    assert.deepEqual([...new Set(desk.fetched)], [server.url]);
    assert.ok(server.asked() <= 2, `asked ${server.asked()} times`);
  });

  test('two Authorization fields are refused, whichever of them is good', async () => {
    const authorization = `Bearer ${await makeToken(world.ec, world.now)}`;
    const shown = await desk.show({ headers: { authorization }, repeated: ['authorization'] });
    assert.deepEqual([shown.code, shown.evidence], ['login-required', 'token: authorization more than once']);
  });

  test('R20 R57 what the gate itself hands out is no token of the app’s: tickets, stamps, cookies, its assertion', async () => {
    const clock = { wall: () => desk.clock.now, monotonic: () => 0 };
    const secret = Buffer.alloc(32, 7);
    const ring = createKeyRing({ secret, clock });
    for (const purpose of ['ticket', 'stamp', 'session', 'login', 'transaction', 'token', 'form'] as const) {
      const shown = await desk.bearer(ring.seal(purpose, Buffer.from(JSON.stringify(claimsOf(world)))));
      assert.deepEqual(
        [shown.code, shown.evidence],
        ['login-required', 'token: form: encrypted, and no issuer here encrypts'],
      );
    }
    const own = await makeKey('EdDSA', 'gate');
    const assertion = await makeToken(own, world.now, { claims: { iss: 'http://localhost:4000', level: 'proof' } });
    assert.match((await desk.bearer(assertion)).evidence, /^token: iss: /);
  });

  test('a refusal where nobody is asked for leaves nothing behind for other layers to be blamed with', async () => {
    const layer = createSubject({ logins: null, readers: [desk.reader] });
    const { code, context } = await judgeLater(
      layer,
      { protect: ['/api/**'] },
      { headers: { authorization: 'Bearer a.b.c' } },
    );
    assert.deepEqual([code, context.evidence, context.retryAfter], ['', '', 0]);
    const asked = await judgeLater(
      layer,
      { routes: [{ match: '/api/**', user: true }] },
      { headers: { authorization: 'Bearer a.b.c' } },
    );
    assert.deepEqual([asked.code, asked.context.evidence.slice(0, 14)], ['login-required', 'token: header:']);
  });

  test('a refusal where nobody is asked for puts no challenge on the backend’s answer', async () => {
    const shown = await desk.bearer('a.b.c', { asks: false });
    assert.equal(shown.code, 'login-required');
    assert.equal(shown.fields.size, 0);
  });
});
