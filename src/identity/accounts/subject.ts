import type { Subject } from '../../guard/subject.ts';
import type { Account } from './account.ts';

/** @param authTime seconds since 1970 */
export function subjectOf(account: Account, amr: readonly string[], authTime: number): Subject {
  const { id, name, email, emailVerified, roles } = account;
  return {
    id,
    source: 'accounts',
    roles,
    scopes: [],
    acr: '',
    amr,
    authTime,
    claims: email === '' ? { name } : { name, email, email_verified: emailVerified },
  };
}
