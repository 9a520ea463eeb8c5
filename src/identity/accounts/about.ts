import type { Endpoint } from '../../guard/endpoint.ts';
import { jsonAnswer } from './answers.ts';
import type { AccountsContext } from './context.ts';
import { forOwner } from './owner.ts';

/** `GET {mount}/account/about`, signed: `{ "name", "email", "emailVerified", "password", "secondFactor" }` of the own account, as it is now. */
export function createAbout(context: AccountsContext): Endpoint {
  return forOwner(context, {
    method: 'GET',
    path: '/account/about',
    maxBody: 0,
    recent: false,
    async act(_call, { id, name, email, emailVerified, secondFactor }) {
      const password = await context.directory.hasPassword(id);
      return jsonAnswer(200, { name, email, emailVerified, password, secondFactor });
    },
  });
}
