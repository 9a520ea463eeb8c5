import { createHash, randomBytes } from 'node:crypto';
import { defineLab, walkByForms } from 'sallyport/lab';
import { APP, AUDIENCE, ENDED_AUDIENCE, OTHER_AUDIENCE } from './sign-on/names.ts';

// What `sallyport attack` cannot know by itself: people at the providers, and tokens that one of them issues.
const walk = walkByForms({
  victim: { name: 'lab-victim', password: '' },
  attacker: { name: 'lab-attacker', password: '' },
});

/** Calls that cost money, or change something: the lab makes only what stands here. */
const allowed = {
  spend: { method: 'POST', path: '/api/ask', body: { question: 'What is said about bread?' } },
  inOrder: {
    first: { method: 'POST', path: '/api/prints', body: { post: 1 } },
    next: { method: 'POST', path: '/api/prints/order', body: { post: 1 } },
  },
};

export default defineLab(async ({ config: { login } }) => {
  const issuer = login?.providers?.['company']?.issuer;
  if (issuer === undefined) return allowed;
  const good = await tokensFor(issuer, AUDIENCE);
  return {
    ...allowed,
    providerLogin: { provider: 'company', second: 'school', walk },
    token: good.access,
    unfitTokens: [
      { what: 'expired', token: (await tokensFor(issuer, ENDED_AUDIENCE)).access },
      { what: 'for another audience', token: (await tokensFor(issuer, OTHER_AUDIENCE)).access },
      { what: 'an ID token', token: good.id },
    ],
  };
});

/** Logs a person in as an app on a phone would: authorization code and PKCE (RFC 8252). */
async function tokensFor(issuer: string, resource: string): Promise<{ access: string; id: string }> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    client_id: APP.id,
    redirect_uri: APP.redirect,
    response_type: 'code',
    scope: 'openid posts',
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const back = new URL(await walk(`${issuer}/auth?${asked}`, 'victim'));
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    resource,
    client_id: APP.id,
    redirect_uri: APP.redirect,
    code: back.searchParams.get('code') ?? '',
    code_verifier: verifier,
  });
  const answer = await fetch(`${issuer}/token`, { method: 'POST', body });
  const given: Readonly<Record<string, unknown>> = Object(await answer.json());
  return { access: String(given['access_token']), id: String(given['id_token']) };
}
