import type { Config } from 'sallyport/config';
import { AUDIENCE, GATE } from './names.ts';

const { POSTS_COMPANY: company = '', POSTS_SCHOOL: school = '' } = process.env;

/** Logins at the providers that start.ts has started; nothing without them. */
export const signOn: Config['login'] = company === '' || school === '' ? {} : signOnAt({ company, school });

/** Logins at these two providers, and tokens of the first for programs. */
export function signOnAt({ company, school }: { readonly company: string; readonly school: string }) {
  const registered = { clientId: GATE.id, clientSecret: GATE.secret, scopes: ['openid', 'profile'] };
  return {
    providers: {
      company: { ...registered, issuer: company, label: 'Example company' },
      school: { ...registered, issuer: school, label: 'Example school' },
    },
    jwt: { issuer: company, audience: AUDIENCE, jwks: `${company}/jwks` },
  } satisfies Config['login'];
}
