import { createHash } from 'node:crypto';
import type { BetterAuthOptions } from 'better-auth';
import { SallyportError } from '../../../guard/errors.ts';
import type { RecordsSql } from '../../../guard/records.ts';
import type { PasswordHasher } from '../password.ts';

export interface DirectoryOptions {
  /** The records' database; tables of this folder begin with `accounts_`. */
  readonly database: RecordsSql;
  /** At least 32 characters, the same after a restart: seals second factors. */
  readonly secret: string;
  /** What authenticator apps call this place. */
  readonly issuer: string;
  readonly hasher: PasswordHasher;
}

/** What the parts of the directory share: better-auth, opened, with its tables up to date. */
export type Library = Awaited<ReturnType<typeof openLibrary>>;

/** Loads better-auth and brings its tables up to date. Rejects with SallyportError where it is not installed. */
export async function openLibrary(options: DirectoryOptions) {
  const { betterAuth, getMigrations, plugins } = await load();
  const { hasher } = options;
  const config = {
    database: { db: options.database.db, type: options.database.type },
    baseURL: 'http://localhost',
    secret: options.secret,
    // Our own throttle, records and doors stand in front; nothing of it is served, nothing is sent anywhere.
    logger: { disabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    user: {
      modelName: 'accounts_user',
      additionalFields: {
        roles: { type: 'string', required: false, input: false, defaultValue: '' },
      },
    },
    session: { modelName: 'accounts_session' },
    account: { modelName: 'accounts_credential' },
    verification: { modelName: 'accounts_verification' },
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      minPasswordLength: 1,
      maxPasswordLength: 1024,
      resetPasswordTokenExpiresIn: 3600,
      password: {
        hash: (password: string) => hasher.hash(password),
        verify: ({ hash, password }: { hash: string; password: string }) => hasher.verify(password, hash),
      },
    },
    plugins: [
      plugins.username({ usernameValidator: () => true, maxUsernameLength: 255, displayUsername: false }),
      plugins.twoFactor({
        issuer: options.issuer,
        schema: { twoFactor: { modelName: 'accounts_second_factor' } },
        // Ours counts per browser and network instead, so that a stranger cannot lock an owner out.
        accountLockout: { enabled: false },
        // Where there is no password our endpoints ask for a recent login in its place.
        allowPasswordless: true,
      }),
      plugins.bearer(),
      { id: 'sallyport', schema: PASSKEY_SCHEMA },
    ],
  } satisfies BetterAuthOptions;
  // The library looks for its tables and then makes those that it misses: two workers at once would make them twice.
  await options.database.alone(async (db) => {
    const plan = await getMigrations({ ...config, database: { ...config.database, db } });
    await plan.runMigrations();
  });
  const auth = betterAuth(config);
  const context = await auth.$context;
  const { adapter, internalAdapter } = context;

  /** What the library does only for sessions of its own gets one, for as long as it takes. */
  async function as<T>(id: string, act: (headers: Headers) => Promise<T>): Promise<T> {
    const { token } = await internalAdapter.createSession(id);
    try {
      return await act(new Headers({ authorization: `Bearer ${token}` }));
    } finally {
      await internalAdapter.deleteSession(token);
    }
  }

  return {
    api: auth.api,
    adapter,
    internalAdapter,
    hasher,
    as,
    /** The token of a link, which is written down as its hash alone. */
    newToken: (): string => context.generateId({ model: 'verification', size: 32 }) || crypto.randomUUID(),
  };
}

/** What records know of a link in a mail: whoever reads them can set nobody's password. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** What the library refuses becomes `value`; faults go on. Its refusals are errors with a status below 500. */
export function refusedAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status < 500) return value;
    throw error;
  };
}

export const PASSKEY = 'accounts_passkey';
const PASSKEY_SCHEMA = {
  [PASSKEY]: {
    fields: {
      credential: { type: 'string', required: true, unique: true },
      userId: { type: 'string', required: true, index: true },
      publicKey: { type: 'string', required: true },
      counter: { type: 'number', required: true },
      transports: { type: 'string', required: true },
      label: { type: 'string', required: true },
      created: { type: 'number', required: true, bigint: true },
    },
  },
} as const;

async function load() {
  try {
    const [{ betterAuth }, { getMigrations }, { username, bearer }, { twoFactor }] = await Promise.all([
      import('better-auth'),
      import('better-auth/db/migration'),
      import('better-auth/plugins'),
      import('better-auth/plugins/two-factor'),
    ]);
    return { betterAuth, getMigrations, plugins: { username, bearer, twoFactor } };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new SallyportError('config', 'login.accounts needs better-auth: run `npm install better-auth`', {
      cause: error,
    });
  }
}
