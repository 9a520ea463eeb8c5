import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { CompactEncrypt, exportJWK, exportPKCS8, exportSPKI, generateKeyPair, type importJWK, SignJWT } from 'jose';
import { ConfigError } from '../../../src/guard/errors.ts';
import type { JwtConfig, JwtEncryptionConfig } from '../../../src/guard/config-jwt.ts';
import { AUDIENCE, encode, ISSUER, makeKey, makeToken, type TestKey } from './issuer.ts';
import { openDesk } from './support.ts';

const NOW = 1_750_000_000_000;
const own = (more: Partial<JwtConfig>): JwtConfig => ({ issuer: ISSUER, audience: AUDIENCE, ...more });

/** What one configuration says of one token: '' for yes, else the evidence. */
async function verdict(config: JwtConfig, token: string): Promise<string> {
  const desk = await openDesk(config);
  try {
    const { subject, evidence, code } = await desk.bearer(token);
    assert.equal(subject === null, code === 'login-required');
    return evidence;
  } finally {
    await desk.close();
  }
}

describe('a secret that issuer and gate share', () => {
  const secret = 'x7'.repeat(16);
  const sign = (alg: string, key = secret): Promise<string> =>
    new SignJWT({ sub: 'ada' })
      .setProtectedHeader({ alg })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime(NOW / 1000 + 60)
      .sign(Buffer.from(key));

  test('R57 one algorithm, HS256 where nothing is said', async () => {
    assert.equal(await verdict(own({ secret }), await sign('HS256')), '');
    assert.match(
      await verdict(own({ secret }), await sign('HS512', 'x'.repeat(64))),
      /alg: "HS512", and the key is for HS256/,
    );
    const long = 'y'.repeat(64);
    assert.equal(await verdict(own({ secret: long, algorithms: ['HS512'] }), await sign('HS512', long)), '');
    assert.match(await verdict(own({ secret: long, algorithms: ['HS512'] }), await sign('HS256', long)), /alg/);
  });

  test('another secret, and the same one with a byte more, open nothing', async () => {
    for (const other of ['z'.repeat(32), `${secret}7`]) {
      assert.match(await verdict(own({ secret }), await sign('HS256', other)), /signature: does not hold/);
    }
  });
});

describe('one public key', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-jwt-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const alg of ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'PS256']) {
    test(`${alg}: as PEM or JWK, in a file or as text`, async () => {
      const key = await makeKey(alg, '');
      const pem = await exportSPKI(key.publicKey);
      const jwk = JSON.stringify({ ...key.jwk, kid: 'named' });
      const [pemFile, jwkFile] = [join(folder, `${alg}.pem`), join(folder, `${alg}.json`)];
      await writeFile(pemFile, pem);
      await writeFile(jwkFile, jwk);
      const algorithms: JwtConfig['algorithms'] = alg === 'PS256' ? ['PS256'] : undefined;
      for (const publicKey of [pem, jwk, pemFile, jwkFile]) {
        const config = own({ publicKey, ...(algorithms && { algorithms }) });
        assert.equal(await verdict(config, await makeToken(key, NOW)), '', publicKey.slice(0, 30));
        assert.match(await verdict(config, await makeToken(await makeKey(alg, ''), NOW)), /signature/);
      }
    });
  }

  test('R37 R57 its text is no secret: what HMAC makes of it opens nothing', async () => {
    const key = await makeKey('RS256', '');
    const pem = await exportSPKI(key.publicKey);
    const payload = encode({ iss: ISSUER, aud: AUDIENCE, sub: 'root', exp: NOW / 1000 + 60 });
    for (const alg of ['HS256', 'HS384', 'HS512'] as const) {
      const signed = `${encode({ alg })}.${payload}`;
      for (const secret of [pem, pem.trim(), Buffer.from(pem.replace(/-.*-|\s/g, ''), 'base64')]) {
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(signed)
          .digest('base64url');
        assert.match(await verdict(own({ publicKey: pem }), `${signed}.${mac}`), /^token: alg/);
      }
    }
  });

  test('a private key, a short one, a secret, a missing file and nonsense are errors that name the field and show no key', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    const bad: readonly [string, RegExp][] = [
      [await exportPKCS8(privateKey), /private key/],
      [JSON.stringify(await exportJWK(privateKey)), /private key/],
      [String(short), /2048/],
      ['{"kty":"oct","k":"c2VjcmV0"}', /private key, or a secret/],
      ['-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----', /PEM or JWK/],
      [join(folder, 'missing.pem'), /cannot be read \(ENOENT\)/],
    ];
    for (const [publicKey, rule] of bad) {
      await assert.rejects(openDesk(own({ publicKey })), (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, rule);
        assert.match(error.message, /login\.jwt\.publicKey/);
        assert.doesNotMatch(error.message, /BEGIN|"d"|c2VjcmV0/);
        return true;
      });
    }
  });
});

describe('encrypted tokens', () => {
  let signer: TestKey;
  let inner: string;
  const publicKeyOf = async (): Promise<string> => exportSPKI(signer.publicKey);
  before(async () => {
    signer = await makeKey('ES256', '');
    inner = await makeToken(signer, NOW);
  });

  interface Wrapping {
    readonly config: JwtEncryptionConfig;
    readonly key: Awaited<ReturnType<typeof importJWK>>;
  }

  async function wrapping(alg: JwtEncryptionConfig['alg'], enc: JwtEncryptionConfig['enc']): Promise<Wrapping> {
    if (alg === 'dir' || alg.startsWith('A256')) {
      const secret = randomBytes(
        alg === 'dir' && enc === 'A128GCM' ? 16 : alg === 'dir' && enc === 'A256CBC-HS512' ? 64 : 32,
      );
      return { config: { alg, enc, secret: secret.toString('base64url') }, key: secret };
    }
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    return { config: { alg, enc, key: await exportPKCS8(privateKey) }, key: publicKey };
  }

  const wrap = ({ config, key }: Wrapping, header: Record<string, unknown> = {}, content = inner): Promise<string> =>
    new CompactEncrypt(Buffer.from(content))
      .setProtectedHeader({ alg: config.alg, enc: config.enc, cty: 'JWT', ...header })
      .encrypt(key);

  const KINDS = [
    ['dir', 'A256GCM'],
    ['dir', 'A256CBC-HS512'],
    ['dir', 'A128GCM'],
    ['A256KW', 'A256GCM'],
    ['A256GCMKW', 'A128CBC-HS256'],
    ['RSA-OAEP-256', 'A256GCM'],
    ['ECDH-ES', 'A256GCM'],
    ['ECDH-ES+A256KW', 'A256CBC-HS512'],
  ] as const;
  for (const [alg, enc] of KINDS) {
    test(`R57 ${alg} with ${enc}: the signed token inside is held to every rule`, async () => {
      const way = await wrapping(alg, enc);
      const config = own({ publicKey: await publicKeyOf(), encryption: way.config });
      assert.equal(await verdict(config, await wrap(way)), '');
      const expired = await makeToken(signer, NOW, { claims: { exp: NOW / 1000 - 60 } });
      assert.match(await verdict(config, await wrap(way, {}, expired)), /^token: exp/);
      assert.match(await verdict(config, inner), /signed only, and this issuer encrypts/);
    });
  }

  test('R59 R57 compressed, unsigned, twice encrypted, altered, or by other algorithms: refused', async () => {
    const way = await wrapping('dir', 'A256GCM');
    const config = own({ publicKey: await publicKeyOf(), encryption: way.config });
    const other = await wrapping('A256KW', 'A256GCM');
    const good = await wrap(way);
    const claims = JSON.stringify({ iss: ISSUER, aud: AUDIENCE, sub: 'root', exp: NOW / 1000 + 60 });
    const cases: readonly [string, RegExp][] = [
      [await wrap(way, { cty: undefined }), /cty/],
      [await wrap(way, {}, claims), /header: not one JSON object/],
      [await wrap(way, {}, good), /no signed token inside/],
      [await wrap(other), /alg: "A256KW", and tokens come by dir/],
      [await wrap(await wrapping('dir', 'A128GCM')), /enc: "A128GCM"/],
      [await wrap(await wrapping('dir', 'A256GCM')), /does not open/],
      [`${good.slice(0, -4)}AAAA`, /does not open/],
      [rehead(good, { zip: 'DEF' }), /zip/],
      [rehead(good, { crit: ['x'] }), /crit/],
      [rehead(good, { alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31 }), /alg/],
      [await wrap(way, {}, deflateRawSync(inner).toString('latin1')), /no signed token inside|header: not one JSON/],
    ];
    for (const [token, rule] of cases) assert.match(await verdict(config, token), rule);
  });

  const rehead = (token: string, more: object): string => {
    const [head = '', ...rest] = token.split('.');
    return [encode({ ...JSON.parse(Buffer.from(head, 'base64url').toString()), ...more }), ...rest].join('.');
  };

  test('a decryption key that does not fit its algorithm is an error at the start', async () => {
    const { privateKey } = await generateKeyPair('RSA-OAEP-256', { extractable: true });
    const key = await exportPKCS8(privateKey);
    for (const bad of [key, await publicKeyOf()]) {
      const encryption = { key: bad, alg: 'ECDH-ES', enc: 'A256GCM' } as const;
      await assert.rejects(
        openDesk(own({ publicKey: await publicKeyOf(), encryption })),
        /login\.jwt\.encryption\.key/,
      );
    }
  });
});
