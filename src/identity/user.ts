import type { Endpoint } from '../guard/endpoint.ts';
import type { Subject } from '../guard/subject.ts';

/** What a page may know of who is logged in. */
export interface PublicUser {
  readonly id: string;
  /** Who vouches: `accounts`, `jwt`, `hook`, or a provider's name. */
  readonly source: string;
  /** What to call the person; '' where nobody said. */
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly acr: string;
  readonly amr: readonly string[];
  /** Seconds since 1970; 0 where unknown. */
  readonly authTime: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

export function publicUser({ id, source, roles, scopes, acr, amr, authTime, claims }: Subject): PublicUser {
  const { name, preferred_username: preferred } = claims;
  const called = typeof name === 'string' ? name : typeof preferred === 'string' ? preferred : '';
  return { id, source, name: called, roles, scopes, acr, amr, authTime, claims };
}

/**
 * `GET {mount}/user`: `{ "user" }`, who is calling, by whichever source; null for nobody. A signed call, as those to the
 * API: a copied cookie does not learn whose it is.
 */
export function createUser(): Endpoint {
  return {
    method: 'GET',
    path: '/user',
    asks: 'proof',
    maxBody: 0,
    answer: ({ decision, session }) => {
      const subject = decision.subject ?? session?.login?.subject;
      const fields = [
        'content-type',
        'application/json',
        'cache-control',
        'no-store',
        'x-content-type-options',
        'nosniff',
      ];
      return {
        status: 200,
        fields,
        body: JSON.stringify({ user: subject === undefined ? null : publicUser(subject) }),
      };
    },
  };
}
