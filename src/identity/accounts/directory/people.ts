import { type Account, isPlaceholder, placeholderFor } from '../account.ts';
import { type Library, PASSKEY } from './library.ts';

export interface People {
  /** By user name or address, lower case. */
  find(name: string): Promise<Account | null>;
  byId(id: string): Promise<Account | null>;
  /** In order of their names. */
  list(offset: number, limit: number): Promise<readonly Account[]>;
  create(account: NewAccount): Promise<Account | 'taken'>;
  remove(id: string): Promise<void>;
  setEmailVerified(id: string): Promise<void>;
  setRoles(id: string, roles: readonly string[]): Promise<void>;
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

export function createPeople({ adapter, internalAdapter, hasher }: Library): People {
  const findRow = async (field: string, value: string): Promise<Account | null> =>
    toAccount(await adapter.findOne<UserRow>({ model: 'user', where: [{ field, value }] }));
  const byId = (id: string): Promise<Account | null> => findRow('id', id);
  const find = (name: string): Promise<Account | null> => findRow(name.includes('@') ? 'email' : 'username', name);

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
    setRoles: async (id, roles) => void (await internalAdapter.updateUser(id, { roles: roles.join(' ') })),
    ping: async () => void (await adapter.count({ model: 'user' })),
  };
}

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
