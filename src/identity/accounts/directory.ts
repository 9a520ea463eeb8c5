import { createHash } from 'node:crypto';
import type { BetterAuthOptions } from 'better-auth';
import { SallyportError } from '../../guard/errors.ts';
import type { RecordsSql } from '../../guard/records.ts';
import { type Account, isPlaceholder, placeholderFor } from './account.ts';
import type { PasswordHasher } from './password.ts';

/** Accounts and what proves them, kept by better-auth. Nobody else in the project knows that library. */
export interface Directory {
  /** By user name or address, lower case. */
  find(name: string): Promise<Account | null>;
  byId(id: string): Promise<Account | null>;
  /** In order of their names. */
  list(offset: number, limit: number): Promise<readonly Account[]>;
  create(account: NewAccount): Promise<Account | 'taken'>;
  remove(id: string): Promise<void>;
  setEmailVerified(id: string): Promise<void>;
  /**
   * Whether this is the account's password. Hashes once in any case: for null, and for an account without a password,
   * it costs what it costs for the others.
   */
  checkPassword(account: Account | null, password: string): Promise<boolean>;
  /** False where `current` is wrong. */
  changePassword(id: string, current: string, next: string): Promise<boolean>;
  /** A token that sets a password once, within `seconds`. */
  createReset(id: string, seconds: number): Promise<string>;
  /** The account whose password is now `password`; null where the token is none, used, or over. */
  reset(token: string, password: string): Promise<Account | null>;
  createVerification(account: Account): Promise<string>;
  /** The account whose address is now verified; null where the token is none, or over. */
  verify(token: string): Promise<Account | null>;
  readonly secondFactor: SecondFactors;
  readonly passkeys: PasskeyStore;
  readonly tokens: TokenRows;
  /** True for the first caller only, of all processes, until it expires. */
  reserve(name: string, expires: number): Promise<boolean>;
  /** Throws where the database cannot be reached. */
  ping(): Promise<void>;
}

export interface NewAccount {
  readonly name: string;
  /** '' for none. */
  readonly email: string;
  readonly password: string;
  readonly roles: readonly string[];
}

export interface SecondFactors {
  /** Starts: the factor counts once a code has been confirmed. Null where the password is wrong or it is on already. */
  begin(
    id: string,
    password: string,
  ): Promise<{ readonly uri: string; readonly backupCodes: readonly string[] } | null>;
  /** Whether a code of the app is right, now; confirms the factor where it was begun. */
  check(id: string, code: string): Promise<boolean>;
  /** Whether this is one of the backup codes; it is then used up. */
  useBackup(id: string, code: string): Promise<boolean>;
  end(id: string, password: string): Promise<boolean>;
}

export interface Passkey {
  /** base64url. */
  readonly credential: string;
  readonly userId: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  /** JSON list, as the browser gave it. */
  readonly transports: string;
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export interface PasskeyStore {
  add(passkey: Passkey): Promise<void>;
  byCredential(credential: string): Promise<Passkey | null>;
  ofUser(userId: string): Promise<readonly Passkey[]>;
  /** False where another process saw a counter as high: a copy of the authenticator, or a replay. */
  advance(passkey: Passkey, counter: number): Promise<boolean>;
  remove(userId: string, credential: string): Promise<boolean>;
}

/** Server half of a session token: it lives as long as its row. */
export interface TokenRows {
  create(userId: string, expires: number): Promise<string>;
  /** @param now milliseconds since 1970 */
  userOf(token: string, now: number): Promise<string | null>;
  end(token: string): Promise<void>;
  endAll(userId: string): Promise<void>;
}

export interface DirectoryOptions {
  /** The records' database; tables of this folder begin with `accounts_`. */
  readonly database: RecordsSql;
  /** At least 32 characters, the same after a restart: seals second factors. */
  readonly secret: string;
  /** What authenticator apps call this place. */
  readonly issuer: string;
  readonly hasher: PasswordHasher;
}

/** Loads the library and brings its tables up to date. Rejects with SallyportError where it is not installed. */
export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const { betterAuth, getMigrations, plugins } = await loadLibrary();
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
      resetPasswordTokenExpiresIn: RESET_SECONDS,
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
      }),
      plugins.bearer(),
      { id: 'sallyport', schema: PASSKEY_SCHEMA },
    ],
  } satisfies BetterAuthOptions;
  const auth = betterAuth(config);
  await (await getMigrations(config)).runMigrations();
  const context = await auth.$context;
  const { adapter, internalAdapter } = context;

  const findRow = async (field: string, value: string): Promise<Account | null> =>
    toAccount(await adapter.findOne<UserRow>({ model: 'user', where: [{ field, value }] }));
  const byId = (id: string): Promise<Account | null> => findRow('id', id);
  const find = (name: string): Promise<Account | null> => findRow(name.includes('@') ? 'email' : 'username', name);

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
    find,
    byId,
    async list(offset, limit) {
      const sortBy = { field: 'username', direction: 'asc' } as const;
      const rows = await adapter.findMany<UserRow>({ model: 'user', limit, offset, sortBy });
      return rows.flatMap((row) => toAccount(row) ?? []);
    },
    async create({ name, email, password, roles }) {
      const isTaken = async (): Promise<boolean> =>
        (await find(name)) !== null || (email !== '' && (await find(email)) !== null);
      if (await isTaken()) return 'taken';
      const hash = await hasher.hash(password);
      const user = { name, username: name, email: email || placeholderFor(name), emailVerified: false };
      const made = await internalAdapter
        .createUser({ ...user, roles: roles.join(' ') }, { method: 'email-password' })
        .catch(async (error: unknown) => {
          // A name that was taken meanwhile, or a database that could not write.
          if (await isTaken()) return null;
          throw error;
        });
      if (made === null) return 'taken';
      const { id } = made;
      try {
        await internalAdapter.linkAccount({ userId: id, accountId: id, providerId: 'credential', password: hash });
      } catch (error) {
        // An account without its password would keep the name from everybody.
        await internalAdapter.deleteUser(id).catch(() => {});
        throw error;
      }
      const account = await byId(id);
      if (account === null) throw new Error('an account that was just made is gone');
      return account;
    },
    async remove(id) {
      await adapter.deleteMany({ model: PASSKEY, where: [{ field: 'userId', value: id }] });
      await internalAdapter.deleteUser(id);
    },
    setEmailVerified: async (id) => void (await internalAdapter.updateUser(id, { emailVerified: true })),
    async checkPassword(account, password) {
      // Asked for nobody as well: the same questions take the same time.
      const credential = await internalAdapter.findCredentialAccount(account?.id ?? 'nobody');
      if (account !== null && credential?.password) return hasher.verify(password, credential.password);
      await hasher.hash(password);
      return false;
    },
    changePassword: (id, currentPassword, newPassword) =>
      as(id, async (headers) => {
        const body = { currentPassword, newPassword };
        return (await auth.api.changePassword({ headers, body }).catch(refusedAs<null>(null))) !== null;
      }),
    async createReset(id, seconds) {
      const token = context.generateId({ model: 'verification', size: 32 }) || crypto.randomUUID();
      const expiresAt = new Date(Date.now() + seconds * 1000);
      const identifier = `reset-password:${hashOf(token)}`;
      await internalAdapter.createVerificationValue({ value: id, identifier, expiresAt });
      return token;
    },
    async reset(link, newPassword) {
      // To the library the hash is the token.
      const token = hashOf(link);
      const row = await internalAdapter.findVerificationValue(`reset-password:${token}`);
      if (!row) return null;
      const done = await auth.api.resetPassword({ body: { token, newPassword } }).catch(refusedAs<null>(null));
      return done === null ? null : byId(row.value);
    },
    async createVerification(account) {
      const token = context.generateId({ model: 'verification', size: 32 }) || crypto.randomUUID();
      const expiresAt = new Date(Date.now() + VERIFY_SECONDS * 1000);
      const value = `${account.id} ${account.email}`;
      const identifier = `verify-email:${hashOf(token)}`;
      await internalAdapter.createVerificationValue({ value, identifier, expiresAt });
      return token;
    },
    async verify(token) {
      const row = await internalAdapter.consumeVerificationValue(`verify-email:${hashOf(token)}`);
      const [id = '', email = ''] = row?.value.split(' ') ?? [];
      const account = id === '' ? null : await byId(id);
      // The link was sent to an address that the account no longer has.
      if (account === null || account.email !== email) return null;
      await internalAdapter.updateUser(id, { emailVerified: true });
      return byId(id);
    },
    secondFactor: {
      begin: (id, password) =>
        as(id, async (headers) => {
          const begun = await auth.api.enableTwoFactor({ headers, body: { password } }).catch(refusedAs<null>(null));
          if (begun === null || !('totpURI' in begun)) return null;
          return { uri: begun.totpURI ?? '', backupCodes: begun.backupCodes ?? [] };
        }),
      check: (id, code) =>
        as(
          id,
          async (headers) =>
            (await auth.api.verifyTOTP({ headers, body: { code } }).catch(refusedAs<null>(null))) !== null,
        ),
      useBackup: (id, code) =>
        as(
          id,
          async (headers) =>
            (await auth.api.verifyBackupCode({ headers, body: { code } }).catch(refusedAs<null>(null))) !== null,
        ),
      end: (id, password) =>
        as(
          id,
          async (headers) =>
            (await auth.api.disableTwoFactor({ headers, body: { password } }).catch(refusedAs<null>(null))) !== null,
        ),
    },
    passkeys: {
      add: async (passkey) => void (await adapter.create({ model: PASSKEY, data: { ...passkey } })),
      byCredential: (value) => adapter.findOne<Passkey>({ model: PASSKEY, where: [{ field: 'credential', value }] }),
      ofUser: (value) => adapter.findMany<Passkey>({ model: PASSKEY, where: [{ field: 'userId', value }], limit: 64 }),
      async advance({ credential, counter }, next) {
        // Authenticators that count nothing say 0 for ever (WebAuthn §6.1.1).
        if (next === 0 && counter === 0) return true;
        const where = [
          { field: 'credential', value: credential },
          { field: 'counter', operator: 'lt' as const, value: next },
        ];
        return (await adapter.updateMany({ model: PASSKEY, where, update: { counter: next } })) === 1;
      },
      async remove(userId, credential) {
        const where = [
          { field: 'credential', value: credential },
          { field: 'userId', value: userId },
        ];
        return (await adapter.deleteMany({ model: PASSKEY, where })) === 1;
      },
    },
    tokens: {
      async create(userId, expires) {
        const row = await internalAdapter.createSession(userId, false, { expiresAt: new Date(expires) }, true);
        return row.token;
      },
      async userOf(token, now) {
        const row = await internalAdapter.findSession(token);
        return row === null || row.session.expiresAt.getTime() <= now ? null : row.user.id;
      },
      end: async (token) => void (await internalAdapter.deleteSession(token)),
      endAll: async (userId) => void (await internalAdapter.deleteUserSessions(userId)),
    },
    reserve: (name, expires) =>
      internalAdapter.reserveVerificationValue({ identifier: name, value: '1', expiresAt: new Date(expires) }),
    ping: async () => void (await adapter.count({ model: 'user' })),
  };
}

/** What records know of a link in a mail: whoever reads them can set nobody's password. */
const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

const RESET_SECONDS = 3600;
const VERIFY_SECONDS = 24 * 3600;

const PASSKEY = 'accounts_passkey';
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

interface UserRow {
  readonly id: string;
  readonly username?: string | null;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly twoFactorEnabled?: boolean | null;
  readonly roles?: string | null;
  readonly createdAt: Date;
}

function toAccount(row: UserRow | null): Account | null {
  if (row === null) return null;
  return {
    id: row.id,
    name: row.username ?? '',
    email: isPlaceholder(row.email) ? '' : row.email,
    emailVerified: row.emailVerified === true && !isPlaceholder(row.email),
    roles: (row.roles ?? '').split(' ').filter((role) => role !== ''),
    secondFactor: row.twoFactorEnabled === true,
    created: new Date(row.createdAt).getTime(),
  };
}

/** What the library refuses becomes `value`; faults go on. Its refusals are errors with a status below 500. */
function refusedAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status < 500) return value;
    throw error;
  };
}

async function loadLibrary() {
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
