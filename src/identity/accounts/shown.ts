import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Account } from './account.ts';
import { problemFor } from './answers.ts';
import { attempt, type Outcome } from './attempt.ts';
import { tryCode } from './code.ts';
import type { AccountsContext } from './context.ts';

/** What an attempt that did not pass is answered; null for one that did. */
export function said({ clock, policy }: AccountsContext, call: EndpointCall, outcome: Outcome): Answer | null {
  if (outcome.kind === 'passed') return null;
  const { mount } = policy();
  return outcome.kind === 'wait'
    ? problemFor(call, mount, 'limit', clock.wall(), outcome.seconds)
    : problemFor(call, mount, 'login-failed', clock.wall());
}

/** The password, counted and in its turn: `check` says whether it is right. Null where it is. */
export async function showPassword(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  check: () => Promise<boolean>,
): Promise<Answer | null> {
  return said(context, call, await attempt(context, call, { what: 'password', account, name: account.name, check }));
}

/** A code of the app or a backup code, counted; null where it is right. */
export async function showCode(
  context: AccountsContext,
  call: EndpointCall,
  account: Account,
  code: string,
): Promise<Answer | null> {
  return said(context, call, await tryCode(context, call, account, code));
}
