import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderConfig } from '../../../src/guard/config-login.ts';
import { CLIENT, startProvider, type TestProvider, type TestProviderOptions } from './provider.ts';

/**
 * A real server of plain OAuth 2.0: oidc-provider, which gives no ID token without the scope `openid`, and the API of a
 * service like GitHub that says whose an access token is, and asks the provider about each (RFC 7662).
 */
export interface PlainProvider extends TestProvider {
  /** What the API says of a person; by default like GitHub's. */
  person: (sub: string) => unknown;
  /** Answers in place of the API; null for its own answer. */
  userinfo: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** For `login.providers.<name>` where no metadata is read. */
  readonly endpoints: { readonly oauth: NonNullable<ProviderConfig['oauth']>; readonly scopes: string[] };
  /** Access tokens that the API has seen. */
  readonly tokens: string[];
}

export async function startPlainProvider(options: TestProviderOptions): Promise<PlainProvider> {
  const { configuration, host = '127.0.0.1' } = options;
  const provider = await startProvider({
    ...options,
    configuration: {
      scopes: ['read:user', 'offline_access', 'repo', 'gist'],
      ...configuration,
      features: {
        devInteractions: { enabled: false },
        introspection: { enabled: true, allowedPolicy: () => true },
        revocation: { enabled: true },
        userinfo: { enabled: false },
      },
    },
  });
  const tokens: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    tokens.push(token);
    if (plain.userinfo !== null) return plain.userinfo(request, response);
    const sub = await ownerOf(token);
    if (sub === '') {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"Bad credentials"}');
      return;
    }
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(plain.person(sub)));
  }

  async function ownerOf(token: string): Promise<string> {
    const credentials = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64');
    const response = await fetch(`${provider.issuer}/token/introspection`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ token }),
    });
    const said = (await response.json()) as { active: boolean; sub?: string };
    return said.active ? (said.sub ?? '') : '';
  }

  const api = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const close = provider.close.bind(provider);
  const plain: PlainProvider = Object.assign(provider, {
    person: personOf,
    userinfo: null,
    tokens,
    endpoints: {
      scopes: ['read:user'],
      oauth: {
        authorization: `${provider.issuer}/auth`,
        token: `${provider.issuer}/token`,
        userinfo: `http://${host}:${(api.address() as AddressInfo).port}/user`,
      },
    },
    async close() {
      api.closeAllConnections();
      await new Promise((resolve) => api.close(resolve));
      await close();
    },
  });
  return plain;
}

/** Ids of people: numbers, as GitHub's. */
export const IDS: Readonly<Record<string, number>> = { alice: 583_231, bob: 9919, mallory: 666 };

function personOf(sub: string): unknown {
  return {
    login: sub,
    id: IDS[sub] ?? 1,
    name: `Name of ${sub}`,
    email: null,
    plan: { name: sub === 'alice' ? 'pro' : 'free' },
  };
}
