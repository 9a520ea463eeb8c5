import type { EntryLogins } from '../doors/entry-logins.ts';
import type { Random } from '../doors/random.ts';
import type { KeyRing } from '../doors/seal.ts';
import type { Config } from '../guard/config.ts';
import type { Creations } from '../guard/creator.ts';
import type { Endpoint } from '../guard/endpoint.ts';
import type { Bans } from '../guard/keys.ts';
import type { Policy } from '../guard/policy.ts';
import type { Records } from '../guard/records.ts';
import type { SessionRef, State } from '../guard/state.ts';
import type { Logins, Subject, SubjectReader } from '../guard/subject.ts';
import type { Clock } from '../lib/clock.ts';
import type { UserAdmin } from '../guard/user-admin.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import { createAccountPage } from './account-page/page.ts';
import { createCreations } from './creations.ts';
import { createDesk } from './desk.ts';
import { createLoginBook } from './logins.ts';
import { createLogout } from './logout.ts';
import type { LoginDesk, Source } from './source.ts';
import { createOwnSessions } from './own-sessions.ts';
import { createAccounts, createReaders, createSources } from './sources.ts';
import { createUser } from './user.ts';
import { createUserAdmin } from './users.ts';
import { createVault } from './vault.ts';

/** Who can be somebody here, and how: everything that a configuration's `login` comes to. */
export interface Identity {
  readonly logins: Logins;
  readonly entry: EntryLogins;
  readonly desk: LoginDesk;
  readonly readers: readonly SubjectReader[];
  readonly endpoints: readonly Endpoint[];
  readonly creations: Creations;
  readonly users: UserAdmin;
  close(): Promise<void>;
}

export interface IdentityParts {
  readonly config: Config;
  readonly policy: () => Policy;
  readonly records: Records;
  /** Whence the keys of what lies in records are derived; 32 bytes. */
  readonly secret: Uint8Array;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly random: Random;
  readonly state: State;
  readonly fetch: typeof fetch;
  /** The element that loads the page's script. */
  readonly scriptTag: () => string;
  /** What administration banned; null where nobody can. Default null. */
  readonly bans?: Bans | null;
}

export async function createIdentity(parts: IdentityParts): Promise<Identity> {
  const { config, policy, records, secret, ring, clock, random, state, fetch, scriptTag, bans = null } = parts;
  const vault = createVault(secret, random);
  const sources = new Map<string, Source>();
  // Ended for as long as its cookie could live.
  const revoke = (ref: SessionRef): void | Promise<void> =>
    state.revoke(ref, clock.wall() + policy().session.max * 1000, 'login');
  const hasChanged = (ref: SessionRef): Eventually<boolean> =>
    whenKnown(state.endedBy(ref, clock.wall()), (reason) => reason === 'login');
  const onEnded = (ref: SessionRef): void => void revoke(ref);
  const book = createLoginBook({ records, vault, clock, sources, hasChanged, onEnded });
  const cookieName = (): string => policy().sessionCookie;
  const { desk, entry } = createDesk({ book, ring, clock, random, revoke, cookieName });
  const made = { config, policy, desk, records, state, ring, vault, clock, random, fetch, scriptTag, bans };
  const accounts = await createAccounts(made);
  for (const source of [...(await createSources(made)), ...(accounts === null ? [] : [accounts])]) {
    sources.set(source.name, source);
  }
  const endTokens = async ({ source, id }: Subject): Promise<void> => {
    if (source === 'accounts') await accounts?.context.tokens.endAll(id);
  };
  const readers = [...[...sources.values()].flatMap(({ reader }) => reader ?? []), ...(await createReaders(made))];
  return {
    logins: book,
    entry,
    desk,
    readers,
    creations: createCreations(records),
    users: createUserAdmin({
      desk,
      records,
      accounts: accounts?.context ?? null,
      sources: [...sources.keys(), ...jwtSources(config)],
      wall: clock.wall,
    }),
    endpoints: [
      createUser(),
      ...createOwnSessions({ records, book, vault, clock, policy, revoke, endTokens }),
      createLogout(desk, sources),
      ...(sources.size === 0 ? [] : createAccountPage({ policy, scriptTag })),
      ...[...sources.values()].flatMap((source) => source.endpoints),
    ],
    async close() {
      book.close();
      for (const reader of readers) reader.close?.();
      for (const source of sources.values()) await source.close();
    },
  };
}

/** As ./jwt/issuer.ts calls the people of its tokens. */
function jwtSources({ login }: Config): readonly string[] {
  const issuers = login?.jwt === undefined ? [] : [login.jwt].flat();
  return issuers.map(({ name }) => (name === undefined ? 'jwt' : `jwt/${name}`));
}
