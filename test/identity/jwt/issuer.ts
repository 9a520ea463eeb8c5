import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

export const ISSUER = 'https://login.example';
export const AUDIENCE = 'https://api.example';

/** An issuer of tokens that tests make, with keys of its own. */
export interface TestKey {
  /** '' for tokens that name none. */
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

export async function makeKey(alg = 'ES256', kid = 'one'): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export interface TokenOptions {
  readonly header?: Partial<JWTHeaderParameters>;
  readonly claims?: Record<string, unknown>;
  /** Claims left out. */
  readonly without?: readonly string[];
}

/** A good token but for what the options say. `now`: milliseconds since 1970. */
export function makeToken(key: TestKey, now: number, options: TokenOptions = {}): Promise<string> {
  const seconds = Math.floor(now / 1000);
  const claims: Record<string, unknown> = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'ada',
    iat: seconds,
    exp: seconds + 600,
    jti: crypto.randomUUID(),
    ...options.claims,
  };
  for (const name of options.without ?? []) delete claims[name];
  const named = key.kid === '' ? {} : { kid: key.kid };
  const header = { alg: key.alg, ...named, typ: 'JWT', ...options.header };
  return new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
}

/** base64url of JSON, or of text as it is. */
export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export interface KeyServer {
  readonly url: string;
  /** What is served; replaced by tests. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Times that it was asked. */
  asked(): number;
  serve(keys: readonly JWK[], cacheControl?: string): void;
  close(): Promise<void>;
}

/** A real key set on loopback. */
export async function startKeyServer(keys: readonly JWK[]): Promise<KeyServer> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    self.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const self: KeyServer = {
    url: `http://127.0.0.1:${port}/jwks.json`,
    answer: () => {},
    asked: () => asked,
    serve(served, cacheControl) {
      self.answer = (_request, response) => {
        const headers = {
          'Content-Type': 'application/jwk-set+json',
          ...(cacheControl && { 'Cache-Control': cacheControl }),
        };
        response.writeHead(200, headers).end(JSON.stringify({ keys: served }));
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  self.serve(keys);
  return self;
}
