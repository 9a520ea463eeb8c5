import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import { attempt, type Outcome } from './attempt.ts';
import type { AccountsContext } from './context.ts';

/** A code is good for three half minutes. */
const CODE_MS = 120_000;

/** Tries a code of the app, or one of the backup codes: counted, and good once (RFC 6238 §5.2). */
export function tryCode(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  typed: string,
): Promise<Outcome> {
  const { directory } = context;
  const code = typed.replace(/\s/g, '');
  const check = async (): Promise<boolean> =>
    isAppCode(code)
      ? checkOnce(context, account, code)
      : code !== '' && directory.secondFactor.useBackup(account.id, code);
  return attempt(context, call, { what: 'code', account, name: account.name, check });
}

/** As {@link tryCode}, for a code of the app alone: a backup code shows nobody that the app works. */
export function tryAppCode(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  typed: string,
): Promise<Outcome> {
  const code = typed.replace(/\s/g, '');
  const check = async (): Promise<boolean> => isAppCode(code) && checkOnce(context, account, code);
  return attempt(context, call, { what: 'code', account, name: account.name, check });
}

const isAppCode = (code: string): boolean => /^\d{6}$/.test(code);

async function checkOnce({ directory, clock }: AccountsContext, { id }: Account, code: string): Promise<boolean> {
  if (!(await directory.secondFactor.check(id, code))) return false;
  return directory.reserve(`code:${id}:${code}`, clock.wall() + CODE_MS);
}
