import type { Config } from 'sallyport/config';
import { AUDIENCE, GATE } from './names.ts';

const { POSTS_COMPANY: company = '', POSTS_SCHOOL: school = '' } = process.env;

/** Logins at the providers that start.ts has started, and tokens of the first for programs; nothing without them. */
export const signOn: Config['login'] =
  company === '' || school === ''
    ? {}
    : {
        providers: {
          company: { ...atProvider(company), label: 'Example company' },
          school: { ...atProvider(school), label: 'Example school' },
        },
        jwt: { issuer: company, audience: AUDIENCE, jwks: `${company}/jwks` },
      };

function atProvider(issuer: string) {
  return { issuer, clientId: GATE.id, clientSecret: GATE.secret, scopes: ['openid', 'profile'] };
}
