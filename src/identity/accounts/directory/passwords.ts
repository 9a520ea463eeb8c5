import type { Account } from '../account.ts';
import { hashOf, type Library, refusedAs } from './library.ts';
import type { People } from './people.ts';

export interface Passwords {
  /**
   * Whether this is the account's password. Hashes once in any case: for null, and for an account without a password,
   * it costs what it costs for the others.
   */
  checkPassword(account: Account | null, password: string): Promise<boolean>;
  hasPassword(id: string): Promise<boolean>;
  /** False where `current` is wrong. Links that set a password are worth nothing any more. */
  changePassword(id: string, current: string, next: string): Promise<boolean>;
  /** A token that sets a password once, within `seconds`. */
  createReset(id: string, seconds: number): Promise<string>;
  /** The account whose password is now `password`; null where the token is none, used, or over. */
  reset(token: string, password: string): Promise<Account | null>;
}

export function createPasswords(library: Library, { byId }: People): Passwords {
  const { api, internalAdapter, hasher, as, newToken } = library;
  return {
    async checkPassword(account, password) {
      // Asked for nobody as well: the same questions take the same time.
      const credential = await internalAdapter.findCredentialAccount(account?.id ?? 'nobody');
      if (account !== null && credential?.password) return hasher.verify(password, credential.password);
      await hasher.hash(password);
      return false;
    },
    hasPassword: async (id) => Boolean((await internalAdapter.findCredentialAccount(id))?.password),
    async changePassword(id, currentPassword, newPassword) {
      const changed = await as(id, async (headers) => {
        const body = { currentPassword, newPassword };
        return (await api.changePassword({ headers, body }).catch(refusedAs<null>(null))) !== null;
      });
      if (changed) await endResets(library, id);
      return changed;
    },
    async createReset(id, seconds) {
      const token = newToken();
      const expiresAt = new Date(Date.now() + seconds * 1000);
      const identifier = `${RESET}${hashOf(token)}`;
      await internalAdapter.createVerificationValue({ value: id, identifier, expiresAt });
      return token;
    },
    async reset(link, newPassword) {
      // To the library the hash is the token.
      const token = hashOf(link);
      const row = await internalAdapter.findVerificationValue(`${RESET}${token}`);
      if (!row) return null;
      const done = await api.resetPassword({ body: { token, newPassword } }).catch(refusedAs<null>(null));
      return done === null ? null : byId(row.value);
    },
  };
}

const RESET = 'reset-password:';

/** Whoever read an older mail sets no password after it was changed, or after the address was. */
export async function endResets({ adapter }: Library, id: string): Promise<void> {
  const where = [
    { field: 'value', value: id },
    { field: 'identifier', operator: 'starts_with' as const, value: RESET },
  ];
  await adapter.deleteMany({ model: 'verification', where });
}
