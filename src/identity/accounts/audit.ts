import type { Account } from './account.ts';
import type { AccountsContext } from './context.ts';

/** Something that the owner of an account did with it. */
export async function audit(
  { records, clock }: Pick<AccountsContext, 'records' | 'clock'>,
  { id }: Account,
  action: string,
  details: Readonly<Record<string, unknown>> = {},
  outcome: 'done' | 'refused' = 'done',
): Promise<void> {
  const name = `accounts:${id}`;
  await records.audit.append({ time: clock.wall(), actor: name, action, target: name, details, outcome });
}
