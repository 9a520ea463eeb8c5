import type { Random } from '../doors/random.ts';
import type { KeyRing } from '../doors/seal.ts';
import type { Config } from '../guard/config.ts';
import type { Answer } from '../guard/decision.ts';
import type { EndpointCall } from '../guard/endpoint.ts';
import type { Bans } from '../guard/keys.ts';
import type { Policy } from '../guard/policy.ts';
import type { Records } from '../guard/records.ts';
import type { State } from '../guard/state.ts';
import type { SubjectReader } from '../guard/subject.ts';
import type { Clock } from '../lib/clock.ts';
import { createDonePage } from './done-page.ts';
import type { AccountsSource } from './accounts/source.ts';
import type { LoginDesk, Source } from './source.ts';
import type { Vault } from './vault.ts';

/** What sources and readers are made of. */
export interface SourceParts {
  readonly config: Config;
  /** The policy in force. */
  readonly policy: () => Policy;
  readonly desk: LoginDesk;
  readonly records: Records;
  readonly state: State;
  /** Short-lived seals: transactions, tokens, forms. */
  readonly ring: KeyRing;
  /** Long-lived seals. */
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  /** The element that loads the page's script. */
  readonly scriptTag: () => string;
  readonly bans: Bans | null;
}

/** The sources that a configuration names. Each is loaded only where it is named. */
export async function createSources(parts: SourceParts): Promise<readonly Source[]> {
  return openIdSources(parts);
}

/** The accounts of the gate's own; null where the configuration names none. */
export async function createAccounts(parts: SourceParts): Promise<AccountsSource | null> {
  const { login, public: origin } = parts.config;
  if (login?.accounts === undefined) return null;
  const { createAccountsSource } = await import('./accounts/source.ts');
  const config = login.accounts === true ? {} : login.accounts;
  const issuer = origin === undefined ? 'Sallyport' : new URL(origin).host;
  const secret = parts.vault.derive('accounts').toString('base64url');
  return createAccountsSource({ ...parts, config, issuer, secret });
}

async function openIdSources(parts: SourceParts): Promise<readonly Source[]> {
  const { config, policy, desk, records, ring, clock, random, fetch, scriptTag } = parts;
  const providers = Object.entries(config.login?.providers ?? {});
  if (providers.length === 0) return [];
  const { createOidcSource } = await import('./oidc/source.ts');
  const donePage = createDonePage({ scriptTag, mount: () => policy().mount });
  const done = (_call: EndpointCall, returnTo: string, cookies: readonly string[]): Answer =>
    donePage(returnTo, cookies);
  return providers.map(([name, own]) =>
    createOidcSource({
      name,
      config: own,
      policy,
      desk,
      ring,
      clock,
      random,
      fetch,
      done,
      isBlocked: async ({ id }) => (await records.users.get(name, id))?.blocked === true,
      report: async ({ what, subject, why, outcome }) => {
        const who = `${name}:${subject}`;
        const details = why === '' ? {} : { why };
        await records.audit.append({ time: clock.wall(), actor: who, action: what, target: who, details, outcome });
      },
    }),
  );
}

/** Ways besides a session's login, in the order in which they are asked. */
export async function createReaders(parts: SourceParts): Promise<readonly SubjectReader[]> {
  return [...(await tokens(parts)), ...(await hook(parts))];
}

/** Asked last: whoever shows a token is judged by it. */
async function hook({ config }: SourceParts): Promise<readonly SubjectReader[]> {
  const identify = config.login?.identify;
  if (identify === undefined) return [];
  const { createHookReader } = await import('./hook.ts');
  return [createHookReader(identify)];
}

async function tokens(parts: SourceParts): Promise<readonly SubjectReader[]> {
  if (parts.config.login?.jwt === undefined) return [];
  const { createJwtReader } = await import('./jwt/reader.ts');
  return [await createJwtReader(parts)];
}
