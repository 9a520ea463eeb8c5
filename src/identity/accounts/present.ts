import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import type { AccountsContext } from './context.ts';
import { isBlocked } from './finish.ts';

/** The account that is logged in, in this browser; null where none is, or none of ours. */
export async function present(context: AccountsContext, call: EndpointCall): Promise<Account | null> {
  const subject = call.session?.login?.subject;
  if (subject === undefined || subject.source !== 'accounts') return null;
  const account = await context.directory.byId(subject.id);
  return account === null || (await isBlocked(context, account)) ? null : account;
}
