import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Configuration, interactionPolicy, Provider } from 'oidc-provider';

/** A real provider on a free port of loopback, which tests steer. */
export interface TestProvider {
  readonly issuer: string;
  readonly provider: Provider;
  /** Who logs in at the next interaction, and how. */
  persona: Persona;
  /** Answers before the provider does; null hands on. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  /** Requests, oldest first: `POST /token`. */
  readonly asked: string[];
  /** From here on nobody answers, until `answer()`. */
  silence(): void;
  answer(): void;
  close(): Promise<void>;
}

export interface Persona {
  readonly sub: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
}

export interface TestProviderOptions {
  /** Origin of the gate that is registered. */
  readonly gate: () => string;
  /** Name of the provider in the gate's configuration. */
  readonly name: string;
  readonly configuration?: Configuration;
  readonly client?: Record<string, unknown>;
  /** Whether the login page asks for a name instead of taking the persona. */
  readonly form?: boolean;
  /** Name of loopback in its issuer: `localhost` is another site than `127.0.0.1` to a browser. Default 127.0.0.1. */
  readonly host?: 'localhost' | '127.0.0.1';
}

export const CLIENT = { id: 'gate', secret: 'secret-of-the-gate-at-the-provider' } as const;
export const GOLD = 'urn:example:gold';
export const SILVER = 'urn:example:silver';

/** One key pair for all: RSA keys take a while. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const PROVIDER_KEY: JsonWebKey = {
  ...privateKey.export({ format: 'jwk' }),
  kid: 'one',
  alg: 'RS256',
  use: 'sig',
};

/** Starts the server at once; the provider behind it is made at the first request, when the gate is known. */
export async function startProvider(options: TestProviderOptions): Promise<TestProvider> {
  const asked: string[] = [];
  let silent = false;
  let handler: ReturnType<Provider['callback']> | null = null;
  let made: Provider | null = null;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    if (silent) request.socket.destroy();
    else if (test.intercept?.(request, response) === true) return;
    else if (request.url?.startsWith('/interaction/') === true) void interact(test, options, request, response);
    else {
      ensure();
      handler?.(request, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;

  function ensure(): Provider {
    if (made === null) {
      made = new Provider(issuer, configurationOf(options));
      handler = made.callback();
    }
    return made;
  }

  const test: TestProvider = {
    issuer,
    get provider() {
      return ensure();
    },
    persona: { sub: 'alice' },
    intercept: null,
    asked,
    silence() {
      silent = true;
      server.closeAllConnections();
    },
    answer() {
      silent = false;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return test;
}

function configurationOf({ gate, name, configuration, client }: TestProviderOptions): Configuration {
  const policy = interactionPolicy.base();
  policy.get('login')?.checks.add(
    new interactionPolicy.Check('acr', 'another context class is asked for', (ctx) => {
      const wanted = String(ctx.oidc.params?.['acr_values'] ?? '').split(' ');
      const has = wanted[0] === '' || ctx.oidc.result?.login !== undefined || wanted.includes(ctx.oidc.acr ?? '');
      return has ? interactionPolicy.Check.NO_NEED_TO_PROMPT : interactionPolicy.Check.REQUEST_PROMPT;
    }),
  );
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${gate()}/_sallyport/callback/${name}`],
        post_logout_redirect_uris: [`${gate()}/goodbye`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        backchannel_logout_uri: `${gate()}/_sallyport/backchannel/${name}`,
        backchannel_logout_session_required: true,
        ...client,
      },
    ],
    jwks: { keys: [PROVIDER_KEY] },
    cookies: { keys: ['keys of the cookies of a provider in a test'] },
    acrValues: [GOLD, SILVER],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], profile: ['name'], roles: ['realm_access'] },
    scopes: ['openid', 'offline_access', 'profile', 'roles', 'posts:write'],
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true },
      userinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({
      accountId: sub,
      claims: () => ({ sub, name: `Name of ${sub}`, realm_access: { roles: sub === 'alice' ? ['editor'] : [] } }),
    }),
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    // Its own dispatcher refuses loopback, where these tests live.
    fetch(url, init) {
      const own: Record<string, unknown> = { ...init };
      delete own['dispatcher'];
      return globalThis.fetch(url, own);
    },
    loadExistingGrant: async (ctx) => {
      const { client: found, session, params, provider } = ctx.oidc;
      const clientId = found?.clientId ?? '';
      // A new grant would end the codes that other tabs of this browser still carry.
      const known = session?.grantIdFor(clientId);
      const grant =
        (known === undefined ? undefined : await provider.Grant.find(known)) ??
        new provider.Grant({ clientId, accountId: session?.accountId ?? '' });
      grant.addOIDCScope(String(params?.['scope'] ?? ''));
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: 60, IdToken: 60, RefreshToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    ...configuration,
  };
}

async function interact(
  test: TestProvider,
  { form }: TestProviderOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { provider } = test;
  let { sub } = test.persona;
  const { acr, amr = [] } = test.persona;
  if (form === true && request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    response.end('<title>Provider</title><form method="post"><input name="sub"><button>Log in</button></form>');
    return;
  }
  if (form === true) {
    let body = '';
    for await (const piece of request) body += String(piece);
    sub = new URLSearchParams(body).get('sub') || sub;
  }
  const { prompt } = await provider.interactionDetails(request, response);
  const login = { accountId: sub, amr: [...amr], ...(acr === undefined ? {} : { acr }) };
  const result =
    sub === 'nobody' || prompt.name !== 'login'
      ? { error: 'access_denied', error_description: '<b>secret</b> of the provider' }
      : { login };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
