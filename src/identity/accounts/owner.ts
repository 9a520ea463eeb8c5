import type { Answer } from '../../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../../guard/endpoint.ts';
import { isRecent } from '../recent.ts';
import type { Account } from './account.ts';
import { problemFor } from './answers.ts';
import type { AccountsContext } from './context.ts';
import { present } from './present.ts';

export interface OwnerEndpoint {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly maxBody: number;
  /** Whether the login has to be one of the last minutes, else 401 `step-up` (R62). */
  readonly recent: boolean;
  act(call: EndpointCall, account: Account): Promise<Answer>;
}

/** What only the owner of an account may ask: a signed call of who is logged in. */
export function forOwner(context: AccountsContext, { method, path, maxBody, recent, act }: OwnerEndpoint): Endpoint {
  async function answer(call: EndpointCall): Promise<Answer> {
    const now = context.clock.wall();
    const { mount } = context.policy();
    const account = await present(context, call);
    if (account === null) return problemFor(call, mount, 'login-required', now);
    return recent && !hasRecentLogin(call, now) ? problemFor(call, mount, 'step-up', now) : act(call, account);
  }
  return { method, path, maxBody, asks: 'proof', answer };
}

export function hasRecentLogin({ session }: EndpointCall, now: number): boolean {
  return session?.login != null && isRecent(session.login.subject, now);
}
