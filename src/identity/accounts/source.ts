import type { Endpoint } from '../../guard/endpoint.ts';
import type { Source } from '../source.ts';
import { createAbout } from './about.ts';
import { createChangePassword } from './change-password.ts';
import { type AccountsContext, type AccountsParts, openContext } from './context.ts';
import { createEmailChange } from './email.ts';
import { createLogIn } from './log-in.ts';
import { createLogInAgain } from './log-in-again.ts';
import { createPage } from './page.ts';
import { createPasskeyLogIn, createPasskeyOptions } from './passkey-login.ts';
import { createPasskeys } from './passkeys.ts';
import { createReset } from './reset.ts';
import { createSecondFactorSetup } from './second-factor.ts';
import { createSecondFactorLogIn } from './second-factor-login.ts';
import { createSignUp } from './sign-up.ts';
import { createTokenReader } from './token-reader.ts';
import type { TokenReader } from './tokens.ts';
import { createVerify } from './verify.ts';

/** Accounts of the gate's own. */
export interface AccountsSource extends Source {
  readonly tokens: TokenReader;
  readonly context: AccountsContext;
}

/**
 * Opens the accounts: brings their tables up to date.
 * @throws {SallyportError} where better-auth is not installed
 */
export async function createAccountsSource(parts: AccountsParts): Promise<AccountsSource> {
  const context = await openContext(parts);
  const { config } = parts;
  const endpoints: Endpoint[] = [
    ...createPage(context),
    createLogIn(context),
    createSignUp(context),
    createLogInAgain(context),
    createAbout(context),
    createChangePassword(context),
    createEmailChange(context),
    createReset(context),
    createVerify(context),
  ];
  if (config.passkeys !== false) {
    endpoints.push(createPasskeyOptions(context), createPasskeyLogIn(context), ...createPasskeys(context));
  }
  if (config.secondFactor !== false) endpoints.push(createSecondFactorSetup(context));
  // Whoever has a second factor is asked for it, whether others may still add one or not.
  endpoints.push(createSecondFactorLogIn(context));
  const reader = createTokenReader(context.tokens, config.token);
  const roles: Source['roles'] = async ({ subject }) => (await context.directory.byId(subject.id))?.roles ?? [];
  const source = { name: 'accounts', endpoints, roles, tokens: context.tokens, context, close: async () => {} };
  return { ...source, ...reader };
}
