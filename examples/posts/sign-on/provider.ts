import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Configuration, Provider } from 'oidc-provider';
import { APP, AUDIENCE, ENDED_AUDIENCE, GATE } from './names.ts';
import { loginPage } from './page.ts';
import { createStore } from './store.ts';

const MINUTES = 60;

/** An OpenID provider where everybody is who they say: any name is taken, and nobody is asked for a password. */
export function createProvider(issuer: string, title: string): RequestListener {
  const provider = new Provider(issuer, configuration(new URL(issuer).port));
  // The gate's port is chosen when it starts: whatever is on loopback may be the gate.
  provider.Client.prototype.redirectUriAllowed = function isAllowed(address: string): boolean {
    const { protocol, hostname, pathname } = new URL(address);
    const local = protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1');
    const path = this.clientId === GATE.id ? /^\/_sallyport\/callback\/[a-z]+$/ : /^\/done$/;
    return local && path.test(pathname);
  };
  const handle = provider.callback();
  return (request, response) => {
    if (request.url?.startsWith('/who/')) void interact(provider, title, request, response);
    else void handle(request, response);
  };
}

/** Browsers keep one set of cookies for all ports of a host: `mark` tells those of one provider from another's. */
function configuration(mark: string): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const common = { grant_types: ['authorization_code'], response_types: ['code' as const] };
  return {
    adapter: createStore(),
    clients: [
      { ...common, client_id: GATE.id, client_secret: GATE.secret, redirect_uris: ['http://localhost/unused'] },
      {
        ...common,
        client_id: APP.id,
        redirect_uris: [APP.redirect],
        token_endpoint_auth_method: 'none',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'posts', use: 'sig', alg: 'RS256' }] },
    cookies: {
      keys: [crypto.randomUUID()],
      names: {
        session: `session-${mark}`,
        interaction: `who-${mark}`,
        resume: `resume-${mark}`,
      },
    },
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => '',
        getResourceServerInfo: (_context, audience) => ({
          scope: 'posts',
          audience: audience === ENDED_AUDIENCE ? AUDIENCE : audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 10 * MINUTES,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt(_context, { resourceServer }, parts) {
          if (resourceServer?.identifier() === ENDED_AUDIENCE)
            parts.payload['exp'] = Number(parts.payload['iat']) - 60 * MINUTES;
        },
      },
    },
    interactions: { url: (_context, { uid }) => `/who/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, name: sub }) }),
    // Whoever is logged in has agreed: there is nothing here to be careful with.
    async loadExistingGrant({ oidc: { client, session, params, provider } }) {
      const { Grant } = provider;
      const grant = new Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope(String(params?.['scope'] ?? ''));
      for (const resource of [params?.['resource'] ?? []].flat()) grant.addResourceScope(String(resource), 'posts');
      await grant.save();
      return grant;
    },
    ttl: {
      AccessToken: 10 * MINUTES,
      AuthorizationCode: MINUTES,
      IdToken: 5 * MINUTES,
      Interaction: 10 * MINUTES,
      Session: 60 * MINUTES,
      Grant: 60 * MINUTES,
    },
  };
}

/** Asks who it is, and believes it. */
async function interact(
  provider: Provider,
  title: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { prompt } = await provider.interactionDetails(request, response);
    const name = request.method === 'POST' ? await nameIn(request) : '';
    if (name === '' || prompt.name !== 'login') {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
      response.end(loginPage(title));
      return;
    }
    await provider.interactionFinished(request, response, { login: { accountId: name } });
  } catch {
    response.writeHead(400, { 'Content-Type': 'text/plain' }).end('This login has ended. Begin it again in the app.');
  }
}

async function nameIn(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request) body = (body + String(part)).slice(0, 1000);
  const name = new URLSearchParams(body).get('name') ?? '';
  return name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '')
    .slice(0, 30);
}
