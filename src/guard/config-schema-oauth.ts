import type { Config } from './config.ts';
import type { OAuthConfig, ProviderConfig } from './config-login.ts';
import * as login from './config-rules-login.ts';
import { fields, optional, text } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';

/** The shape of {@link OAuthConfig}. */
export const oauthSchema = fields({
  authorization: optional(text(login.endpoint)),
  token: optional(text(login.endpoint)),
  userinfo: optional(text(login.userinfo)),
  revocation: optional(text(login.endpoint)),
  id: optional(text(login.idMember)),
  name: optional(text(login.shortText)),
  email: optional(text(login.shortText)),
  emailVerified: optional(text(login.shortText)),
});

/** Without ID tokens nobody says by what means, or when, a person logged in at the provider. */
const UNSAID = 'plain OAuth 2.0 does not say how or when somebody logged in; leave it out, or use an OpenID provider';

/** Fields that are about ID tokens, and what to do instead. */
const OF_OPENID = {
  acrValues: UNSAID,
  maxAge: UNSAID,
  userinfo: 'a provider of plain OAuth 2.0 is always asked who logged in; its address is oauth.userinfo',
} as const satisfies Partial<Record<keyof ProviderConfig, string>>;

/** What does not fit together in providers of plain OAuth 2.0. */
export function oauthProblems(config: Config): ConfigProblem[] {
  const providers = Object.entries(config.login?.providers ?? {});
  return [
    ...providers.flatMap(([name, provider]) => {
      const field = `login.providers.${name}`;
      if (provider.oauth === undefined) return [];
      return [...endpointProblems(field, provider, provider.oauth), ...openIdOnly(field, provider)];
    }),
    ...unanswerable(config),
  ];
}

const problem = (field: string, value: unknown, rule: string): ConfigProblem => ({
  field,
  value: JSON.stringify(value) ?? 'nothing',
  rule,
});

function endpointProblems(field: string, provider: ProviderConfig, oauth: OAuthConfig): ConfigProblem[] {
  const { issuer, clientKey, postLogout } = provider;
  const { authorization, token, userinfo } = oauth;
  const problems: ConfigProblem[] = [];
  if (authorization === undefined && token === undefined) {
    if (issuer !== undefined) return [];
    const rule = 'write authorization, token and userinfo, or the issuer of a provider that has metadata (RFC 8414)';
    return [problem(`${field}.oauth`, oauth, rule)];
  }
  for (const [name, value] of Object.entries({ authorization, token, userinfo })) {
    if (value !== undefined) continue;
    const rule = 'authorization, token and userinfo are written together: nothing is asked of metadata then';
    problems.push(problem(`${field}.oauth.${name}`, value, rule));
  }
  if (clientKey !== undefined && issuer === undefined) {
    const rule = 'what the gate signs with clientKey names whom it is for (RFC 7523); write the issuer';
    problems.push(problem(`${field}.issuer`, issuer, rule));
  }
  if (postLogout !== undefined) {
    const rule = 'without metadata nobody is sent to the provider after logout; leave it out';
    problems.push(problem(`${field}.postLogout`, postLogout, rule));
  }
  return problems;
}

function openIdOnly(field: string, provider: ProviderConfig): ConfigProblem[] {
  const { relay, scopes } = provider;
  const problems: ConfigProblem[] = [];
  for (const [name, rule] of Object.entries(OF_OPENID)) {
    const value: unknown = Reflect.get(provider, name);
    if (value !== undefined) problems.push(problem(`${field}.${name}`, value, rule));
  }
  if (relay === 'id') problems.push(problem(`${field}.relay`, relay, 'there is no ID token; write access or none'));
  if (scopes?.includes('openid') === true) {
    const rule = '"openid" asks for OpenID Connect: leave it out, or leave out oauth and write the issuer';
    problems.push(problem(`${field}.scopes`, scopes, rule));
  }
  return problems;
}

/** Routes that ask how or when somebody logged in, where nobody who can log in could ever answer. */
function unanswerable({ login, routes = [] }: Config): ConfigProblem[] {
  const providers = Object.values(login?.providers ?? {});
  const others = login?.accounts ?? login?.jwt ?? login?.identify;
  if (providers.length === 0 || others !== undefined) return [];
  if (providers.some(({ oauth }) => oauth === undefined)) return [];
  return routes.flatMap(({ user }, index) => {
    if (typeof user !== 'object' || (user.acr === undefined && user.maxAge === undefined)) return [];
    const rule = 'no provider here says how or when somebody logged in, so that this would refuse everybody';
    return [problem(`routes[${index}].user`, user, rule)];
  });
}
