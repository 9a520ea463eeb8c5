import * as z from 'zod/mini';
import type { Config } from './config.ts';
import type { Identify, ProviderConfig } from './config-login.ts';
import * as rules from './config-rules.ts';
import * as login from './config-rules-login.ts';
import { aFunction, choice, fields, flag, list, optional, text, whole } from './config-schema-parts.ts';
import { oauthProblems, oauthSchema } from './config-schema-oauth.ts';
import { accountsProblems, accountsSchema } from './config-schema-accounts.ts';
import { jwtProblems, jwtSchema } from './config-schema-jwt.ts';
import type { ConfigProblem } from './errors.ts';

const providerSchema = fields({
  issuer: optional(text(login.issuer)),
  oauth: optional(oauthSchema),
  clientId: text(login.shortText),
  clientSecret: optional(text(login.shortText, 'write the secret, as in process.env.OIDC_SECRET')),
  clientKey: optional(text(rules.nonEmpty)),
  clientKeyId: optional(text(login.shortText)),
  clientAuth: optional(choice('basic', 'post')),
  scopes: optional(list(text(login.scope), 'write a list of scopes, as in ["openid", "email"]')),
  audience: optional(text(login.shortText)),
  parameters: optional(
    z.record(text(login.parameterName), text(login.shortText), 'write an object, as in { prompt: "select_account" }'),
  ),
  roles: optional(text(login.shortText)),
  scopesFrom: optional(text(login.shortText)),
  claims: optional(list(text(login.shortText), 'write a list of claims, as in ["email"]')),
  userinfo: optional(flag),
  relay: optional(choice('access', 'id', 'none')),
  acrValues: optional(list(text(login.acrValue), 'write a list of acr values')),
  maxAge: optional(whole(0, 'seconds')),
  postLogout: optional(text(login.ownPath)),
  pushed: optional(flag),
  label: optional(text(login.shortText)),
});

/** The shape of {@link import('./config-login.ts').LoginConfig}. */
export const loginSchema = fields({
  providers: optional(z.record(text(login.providerName), providerSchema, 'write an object of providers by name')),
  returnTo: optional(list(text(login.returnOrigin), 'write a list of origins, as in ["https://app.example"]')),
  accounts: optional(accountsSchema),
  jwt: optional(jwtSchema),
  identify: optional(aFunction<Identify>('write a function, as in (request) => ({ id: "…" })')),
  page: optional(text(login.ownPath)),
});

/** What is wrong between fields of `login` that are fine alone. */
export function loginProblems(config: Config): ConfigProblem[] {
  return [...accountsProblems(config), ...jwtProblems(config), ...providerProblems(config), ...oauthProblems(config)];
}

function providerProblems(config: Config): ConfigProblem[] {
  return Object.entries(config.login?.providers ?? {}).flatMap(([name, provider]) => {
    const field = `login.providers.${name}`;
    const problems: ConfigProblem[] = [];
    const { clientSecret, clientKey, clientAuth } = provider;
    if (clientSecret === undefined && clientKey === undefined) {
      const rule = 'write the secret the provider gave you, as in process.env.OIDC_SECRET, or name a key by clientKey';
      problems.push({ field: `${field}.clientSecret`, value: 'nothing', rule });
    }
    if (clientSecret !== undefined && clientKey !== undefined) {
      const rule = 'the gate shows who it is by a secret or by a key; keep one of clientSecret and clientKey';
      problems.push({ field: `${field}.clientKey`, value: JSON.stringify(clientKey), rule });
    }
    if (clientKey !== undefined && clientAuth !== undefined) {
      const rule = 'this is about clientSecret, and there is a clientKey; leave it out';
      problems.push({ field: `${field}.clientAuth`, value: JSON.stringify(clientAuth), rule });
    }
    return [...problems, ...(provider.oauth === undefined ? openIdProblems(field, provider) : [])];
  });
}

function openIdProblems(field: string, { issuer, scopes }: ProviderConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (issuer === undefined) {
    const rule = 'write the provider’s issuer, as in https://login.example; for one without OpenID Connect add oauth';
    problems.push({ field: `${field}.issuer`, value: 'nothing', rule });
  }
  if (scopes !== undefined && !scopes.includes('openid')) {
    const rule = 'without "openid" the provider says nothing about the person; add it, or oauth for plain OAuth 2.0';
    problems.push({ field: `${field}.scopes`, value: JSON.stringify(scopes), rule });
  }
  return problems;
}
