import type { Account } from '../account.ts';
import { hashOf, type Library } from './library.ts';
import { endResets } from './passwords.ts';
import type { People } from './people.ts';

/** E-mail addresses: a link that was sent to one shows whose it is. */
export interface Addresses {
  createVerification(account: Account): Promise<string>;
  /** A token that gives the account this address, once whoever reads its mail shows it. */
  createEmailChange(account: Account, email: string): Promise<string>;
  /** The account whose address is now verified; null where the token is none, or over, or the address is taken. */
  verify(token: string): Promise<VerifiedAddress | null>;
}

export interface VerifiedAddress {
  readonly account: Account;
  /** Whether it is another one than before. */
  readonly changed: boolean;
}

const SECONDS = 24 * 3600;
const VERIFY = 'verify-email:';
const CHANGE = 'change-email:';

export function createAddresses(library: Library, { byId, find }: People): Addresses {
  const { internalAdapter, newToken } = library;

  async function keep(kind: string, value: string): Promise<string> {
    const token = newToken();
    const expiresAt = new Date(Date.now() + SECONDS * 1000);
    await internalAdapter.createVerificationValue({ value, identifier: `${kind}${hashOf(token)}`, expiresAt });
    return token;
  }

  /** The account, and the words of the token's row; null where the account's address is another one by now. */
  async function take(kind: string, token: string): Promise<{ account: Account; words: string[] } | null> {
    const row = await internalAdapter.consumeVerificationValue(`${kind}${hashOf(token)}`);
    const words = row?.value.split(' ') ?? [];
    const [id = '', before] = words;
    const account = id === '' ? null : await byId(id);
    return account === null || account.email !== before ? null : { account, words };
  }

  async function change(token: string): Promise<VerifiedAddress | null> {
    const taken = await take(CHANGE, token);
    const email = taken?.words[2] ?? '';
    if (taken === null || email === '' || (await find(email)) !== null) return null;
    const { id } = taken.account;
    try {
      await internalAdapter.updateUser(id, { email, emailVerified: true });
    } catch (error) {
      // Somebody was quicker: addresses are unique.
      if ((await find(email)) !== null) return null;
      throw error;
    }
    await endResets(library, id);
    const account = await byId(id);
    return account === null ? null : { account, changed: true };
  }

  return {
    createVerification: ({ id, email }) => keep(VERIFY, `${id} ${email}`),
    createEmailChange: ({ id, email }, next) => keep(CHANGE, `${id} ${email} ${next}`),
    async verify(token) {
      const taken = await take(VERIFY, token);
      if (taken === null) return change(token);
      await internalAdapter.updateUser(taken.account.id, { emailVerified: true });
      const account = await byId(taken.account.id);
      return account === null ? null : { account, changed: false };
    },
  };
}
