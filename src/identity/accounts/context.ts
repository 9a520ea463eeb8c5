import type { Random } from '../../doors/random.ts';
import type { KeyRing } from '../../doors/seal.ts';
import type { AccountsConfig } from '../../guard/config-accounts.ts';
import type { Policy } from '../../guard/policy.ts';
import type { Records } from '../../guard/records.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LoginDesk } from '../source.ts';
import { createLoginThrottle, type LoginThrottle } from '../throttle.ts';
import { createTable, type Table } from '../throttle-table.ts';
import type { Vault } from '../vault.ts';
import { type Challenges, createChallenges } from './challenge.ts';
import { createDevices, type Devices } from './device.ts';
import { type Directory, openDirectory } from './directory.ts';
import { createLimiter, type Limiter } from '../limiter.ts';
import { createPseudonym, type Pseudonym } from './names.ts';
import { createPending, type Pending } from './pending.ts';
import { createPasswordHasher, type PasswordHasher } from './password.ts';
import { createTokens, type Tokens } from './tokens.ts';
import { createLoginWork, type LoginWork } from './work.ts';

/** What the accounts are made of. */
export interface AccountsParts {
  readonly config: AccountsConfig;
  readonly desk: LoginDesk;
  readonly records: Pick<Records, 'users' | 'attempts' | 'audit' | 'sql'>;
  readonly ring: KeyRing;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: () => Policy;
  /** The element that loads the page's script. */
  readonly scriptTag: () => string;
  /** What authenticator apps show beside the code. */
  readonly issuer: string;
  /** At least 32 characters, the same after a restart: seals second factors, names people in counters. */
  readonly secret: string;
  /** Default: Argon2id, or scrypt where Node has none. For tests. */
  readonly hasher?: PasswordHasher;
}

/** What the endpoints of the accounts share. */
export interface AccountsContext extends AccountsParts {
  readonly directory: Directory;
  readonly throttle: LoginThrottle;
  readonly work: LoginWork;
  readonly devices: Devices;
  /** Networks from which an account has logged in, and when: `prefix account`. Monotonic. */
  readonly homes: Table<number>;
  /** Attempts of strangers under way, by account: what is not written down yet counts already. */
  readonly underWay: Map<string, number>;
  readonly pseudonym: Pseudonym;
  readonly tokens: Tokens;
  readonly pending: Pending;
  readonly challenges: Challenges;
  readonly limits: {
    /** Login requests of any outcome per network, or per browser that some account knows. */
    readonly requests: Limiter;
    /** New accounts, and whatever sends mail, per network. */
    readonly mailPerPrefix: Limiter;
    /** Mail per account. */
    readonly mailPerAccount: Limiter;
    /** Passkey challenges and answers per network. */
    readonly passkeys: Limiter;
  };
}

const MINUTE = 60_000;

export async function openContext(parts: AccountsParts): Promise<AccountsContext> {
  const { clock, config, vault, random, secret } = parts;
  const monotonic = (): number => clock.monotonic();
  const directory = await openDirectory({
    database: parts.records.sql,
    secret,
    issuer: parts.issuer,
    hasher: parts.hasher ?? createPasswordHasher(),
  });
  return {
    ...parts,
    directory,
    throttle: createLoginThrottle({ monotonic }),
    work: createLoginWork({ perMinute: config.checksPerMinute ?? 300, monotonic }),
    devices: createDevices(vault, () => clock.wall(), random),
    homes: createTable<number>(50_000),
    underWay: new Map(),
    pseudonym: createPseudonym(secret),
    tokens: createTokens({ ring: parts.ring, clock, directory, records: parts.records }),
    pending: createPending(parts.ring, () => clock.wall(), random),
    challenges: createChallenges(secret, () => clock.wall(), random),
    limits: {
      requests: createLimiter(300, MINUTE / 6, monotonic),
      mailPerPrefix: createLimiter(60, 10 * MINUTE, monotonic),
      mailPerAccount: createLimiter(3, 10 * MINUTE, monotonic),
      passkeys: createLimiter(300, MINUTE, monotonic),
    },
  };
}
