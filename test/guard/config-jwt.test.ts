import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

const ISSUER = { issuer: 'https://login.example', audience: 'https://api.example' };
const JWKS = { ...ISSUER, jwks: 'https://login.example/jwks.json' };
const SECRET = 'S'.repeat(32);
const JWE = { alg: 'dir', enc: 'A256GCM', secret: Buffer.alloc(32, 7).toString('base64url') };

const GOOD: readonly { what: string; jwt: unknown }[] = [
  { what: 'a key set', jwt: JWKS },
  { what: 'a key set on loopback', jwt: { ...ISSUER, jwks: 'http://127.0.0.1:9000/jwks' } },
  { what: 'a secret', jwt: { ...ISSUER, secret: SECRET } },
  {
    what: 'a home-made issuer',
    jwt: { issuer: 'my-app', audience: 'my-app', secret: SECRET, cookie: 'token', subject: 'userId' },
  },
  {
    what: 'two issuers',
    jwt: [
      { ...JWKS, name: 'a' },
      { ...JWKS, name: 'b', issuer: 'https://b.example' },
    ],
  },
  { what: 'encryption by a shared key', jwt: { ...JWKS, encryption: JWE } },
];
for (const { what, jwt } of GOOD) {
  test(`login.jwt takes ${what}`, () => assert.deepEqual(parseConfig({ login: { jwt } }, 'test').login, { jwt }));
}

/** Each says what is wrong, in which field, by which rule. */
const BAD: readonly { what: string; jwt: unknown; says: RegExp }[] = [
  { what: 'no audience', jwt: { ...JWKS, audience: undefined }, says: /login\.jwt\.audience is nothing; write whom/ },
  { what: 'an empty list of audiences', jwt: { ...JWKS, audience: [] }, says: /login\.jwt\.audience/ },
  {
    what: 'no issuer',
    jwt: { ...JWKS, issuer: undefined },
    says: /login\.jwt\.issuer is nothing; write exactly the `iss`/,
  },
  { what: 'no key', jwt: ISSUER, says: /login\.jwt\.jwks is nothing; .* write one of jwks, secret and publicKey/ },
  { what: 'two kinds of key', jwt: { ...JWKS, secret: SECRET }, says: /login\.jwt\.jwks is not alone/ },
  {
    what: 'keys over plain HTTP',
    jwt: { ...ISSUER, jwks: 'http://login.example/jwks' },
    says: /login\.jwt\.jwks is "http:.*write https/,
  },
  {
    what: 'the gate’s own keys',
    jwt: { ...ISSUER, jwks: 'https://app.example/_sallyport/jwks.json' },
    says: /the gate’s own keys/,
  },
  {
    what: 'R57 a secret of 31 bytes',
    jwt: { ...ISSUER, secret: 'S'.repeat(31) },
    says: /login\.jwt\.secret is a value that is not shown; .*32 bytes/,
  },
  {
    what: 'R57 HS512 with 32 bytes',
    jwt: { ...ISSUER, secret: SECRET, algorithms: ['HS512'] },
    says: /login\.jwt\.secret is a shorter one; HS512 .* 64 bytes/,
  },
  {
    what: 'R57 a public key as a secret',
    jwt: { ...ISSUER, secret: `-----BEGIN PUBLIC KEY-----${SECRET}` },
    says: /login\.jwt\.secret is a value that is not shown; this is a key/,
  },
  {
    what: 'R57 HS256 by a key set',
    jwt: { ...JWKS, algorithms: ['HS256'] },
    says: /login\.jwt\.algorithms is \["HS256"\]; these take a secret/,
  },
  { what: 'R57 none', jwt: { ...JWKS, algorithms: ['none'] }, says: /login\.jwt\.algorithms\[0\]/ },
  { what: 'no algorithms', jwt: { ...JWKS, algorithms: [] }, says: /login\.jwt\.algorithms .*name one algorithm/ },
  {
    what: 'R57 two algorithms for one key',
    jwt: { ...ISSUER, publicKey: 'key.pem', algorithms: ['RS256', 'PS256'] },
    says: /one key goes with one algorithm/,
  },
  {
    what: 'a secret with ES256',
    jwt: { ...ISSUER, secret: SECRET, algorithms: ['ES256'] },
    says: /a secret goes with HS256/,
  },
  {
    what: 'a minute and a half of skew',
    jwt: { ...JWKS, clockSkew: 90 },
    says: /login\.jwt\.clockSkew is 90; write at most 60/,
  },
  {
    what: 'header and cookie',
    jwt: { ...JWKS, header: 'x-token', cookie: 'token' },
    says: /login\.jwt\.cookie is "token"; a token comes in a header or in a cookie/,
  },
  { what: 'a header with another meaning', jwt: { ...JWKS, header: 'Cookie' }, says: /login\.jwt\.header is "Cookie"/ },
  {
    what: 'a cookie of the gate’s own',
    jwt: { ...JWKS, cookie: '__Host-sallyport' },
    says: /login\.jwt\.cookie .*the gate’s own/,
  },
  { what: 'R57 RSA1_5', jwt: { ...JWKS, encryption: { ...JWE, alg: 'RSA1_5' } }, says: /login\.jwt\.encryption\.alg/ },
  {
    what: 'a short encryption key',
    jwt: { ...JWKS, encryption: { ...JWE, secret: 'AAAA' } },
    says: /login\.jwt\.encryption\.secret .*write 32 bytes/,
  },
  {
    what: 'dir without a secret',
    jwt: { ...JWKS, encryption: { alg: 'dir', enc: 'A256GCM', key: 'key.pem' } },
    says: /login\.jwt\.encryption\.secret is nothing; alg dir takes a secret/,
  },
  {
    what: 'a slip in a name',
    jwt: { ...JWKS, secrett: SECRET },
    says: /login\.jwt\.secrett is a value that is not shown; .*did you mean secret\?/,
  },
  {
    what: 'two issuers without names',
    jwt: [JWKS, { ...JWKS, issuer: 'b' }],
    says: /login\.jwt\[0\]\.name is nothing/,
  },
  {
    what: 'R57 one issuer twice',
    jwt: [
      { ...JWKS, name: 'a' },
      { ...JWKS, name: 'b' },
    ],
    says: /login\.jwt\[1\]\.issuer .*another one has this issuer/,
  },
  {
    what: 'two that encrypt in one place',
    jwt: [
      { ...JWKS, name: 'a', encryption: JWE },
      { ...JWKS, issuer: 'b', name: 'b', encryption: JWE },
    ],
    says: /login\.jwt\[1\]\.encryption is "dir"; only one issuer/,
  },
  {
    what: 'a slip in the second issuer',
    jwt: [
      { ...JWKS, name: 'a' },
      { ...JWKS, name: 'b', maxage: 1 },
    ],
    says: /login\.jwt\[1\]\.maxage .*did you mean maxAge\?/,
  },
  { what: 'text', jwt: 'yes', says: /login\.jwt is a value that is not shown; write an issuer/ },
];
for (const { what, jwt, says } of BAD) {
  test(`login.jwt refuses ${what}, and shows no secret`, () => {
    assert.throws(
      () => parseConfig({ login: { jwt } }, 'test'),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, says);
        assert.ok(!error.message.includes('SSSS'), error.message);
        return true;
      },
    );
  });
}
