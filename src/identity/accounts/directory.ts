import { type Addresses, createAddresses } from './directory/addresses.ts';
import { type DirectoryOptions, openLibrary } from './directory/library.ts';
import { createPasskeyStore, type PasskeyStore } from './directory/passkey-store.ts';
import { createPasswords, type Passwords } from './directory/passwords.ts';
import { createPeople, type People } from './directory/people.ts';
import { createSecondFactors, type SecondFactors } from './directory/second-factors.ts';
import { createTokenRows, type TokenRows } from './directory/token-rows.ts';

/**
 * Accounts and what proves them, kept by better-auth. Nobody else in the project knows that library; what it is told
 * stands in ./directory/library.ts.
 */
export interface Directory extends People, Passwords, Addresses {
  readonly secondFactor: SecondFactors;
  readonly passkeys: PasskeyStore;
  readonly tokens: TokenRows;
  /** True for the first caller only, of all processes, until it expires or is released. */
  reserve(name: string, expires: number): Promise<boolean>;
  release(name: string): Promise<void>;
}

/** Loads the library and brings its tables up to date. Rejects with SallyportError where it is not installed. */
export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const library = await openLibrary(options);
  const { internalAdapter } = library;
  const people = createPeople(library);
  return {
    ...people,
    ...createPasswords(library, people),
    ...createAddresses(library, people),
    secondFactor: createSecondFactors(library),
    passkeys: createPasskeyStore(library),
    tokens: createTokenRows(library),
    reserve: (name, expires) =>
      internalAdapter.reserveVerificationValue({ identifier: name, value: '1', expiresAt: new Date(expires) }),
    release: async (name) => void (await internalAdapter.deleteVerificationByIdentifier(name)),
  };
}
