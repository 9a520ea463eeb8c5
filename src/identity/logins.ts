import type { LoginStanding, TakenGrant } from '../doors/entry-logins.ts';
import type { LoginRow, Records } from '../guard/records.ts';
import type { SessionRef } from '../guard/state.ts';
import { type Login, type Logins, mayTheSame } from '../guard/subject.ts';
import type { Clock } from '../lib/clock.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import { createGenerations } from '../lib/generations.ts';
import { TICKET_SECONDS } from '../wire/constants.ts';
import type { Source, StoredLogin } from './source.ts';
import { readRef, readStored, type SealedLogin, sealStored } from './stored.ts';
import type { Vault } from './vault.ts';

/** Logins of sessions: in records, sealed, and in memory while they are in use. */
export interface LoginBook extends Logins {
  stored(session: string): Promise<StoredLogin | null>;
  /** `keptUntil`: milliseconds since 1970, where the record may go before the login expires. */
  put(session: string, ref: SessionRef, login: StoredLogin, keptUntil?: number): Promise<void>;
  /** How the login of a session is, for the second door. */
  standing(session: string): Promise<LoginStanding>;
  /** Goes on with a login under another session of its browser. False where it has ended or moved meanwhile. */
  move(session: string, to: TakenGrant): Promise<boolean>;
  /** Ends one, for one caller alone: where its session lies, null where there was none any more. */
  remove(session: string): Promise<SessionRef | null>;
  /** Ends the one of a row, for one caller alone: where its session lies, null where it had ended. */
  removeRow(row: LoginRow): Promise<SessionRef | null>;
  /** Ends all of a subject, or of a session at the provider. */
  removeAll(filter: { source: string; subject?: string; sid?: string }): Promise<readonly SessionRef[]>;
  close(): void;
}

export interface LoginBookParts {
  readonly records: Records;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly sources: ReadonlyMap<string, Source>;
  /** As {@link Logins.hasChanged}. */
  readonly hasChanged: Logins['hasChanged'];
  /** Told of logins that another process ended. */
  readonly onEnded: (ref: SessionRef) => void;
  /** Logins of one generation in memory. Default 32,768. */
  readonly remembered?: number;
}

interface Known extends SealedLogin {
  readonly login: Login;
  readonly hash: string;
  /** Milliseconds since 1970: from then on its tokens are to be renewed; Infinity for none. */
  readonly renews: number;
}

/** What records say of a login, and the roles that its person has by now. */
interface Read {
  readonly sealed: SealedLogin;
  readonly roles: readonly string[];
}

/** A browser that comes with the cookie of so many moves before has lost its answers each time. */
const MOST_MOVES = 4;
/** Tokens are renewed this long before they expire, and not again for as long where the provider cannot be reached. */
const AHEAD_MS = 30_000;
/**
 * For as long the session that a login came from says where it went: to tabs whose ticket is of before, and where the
 * answer with the new cookie was lost.
 */
const LEFT_MS = TICKET_SECONDS * 1000;
/** Beyond, memory may have missed that another process ended a login: records are asked again. */
const MOST_LAG_MS = 5_000;

export function createLoginBook(parts: LoginBookParts): LoginBook {
  const { records, vault, clock, sources, onEnded, remembered = 32_768 } = parts;
  const known = createGenerations<Known>(remembered);
  const byHash = createGenerations<string>(remembered);
  // One question at a time for each session; as many as requests in flight.
  const asking = new Map<string, Promise<Known | null>>();
  // By hash, while records are asked: an answer from before a change is asked for again.
  const reading = new Map<string, { changed: boolean }>();

  const forget = (hash: string): Known | undefined => {
    const read = reading.get(hash);
    if (read !== undefined) read.changed = true;
    const session = byHash.get(hash);
    byHash.delete(hash);
    if (session === undefined) return undefined;
    const found = known.get(session);
    known.delete(session);
    return found;
  };
  const stop = records.onChange(({ kind, action, ref }) => {
    if (kind === 'all') {
      known.clear();
      byHash.clear();
      for (const read of reading.values()) read.changed = true;
    } else if (kind === 'login') {
      const found = forget(ref);
      if (action === 'removed' && found !== undefined) onEnded(found.ref);
    }
  });

  function keep(session: string, hash: string, sealed: SealedLogin): Known {
    const { stored } = sealed;
    const made: Known = { ...sealed, hash, login: toLogin(stored), renews: renewsAt(stored) };
    known.set(session, made);
    byHash.set(hash, session);
    return made;
  }

  function renewsAt({ tokens, subject }: StoredLogin): number {
    const renewable = sources.get(subject.source)?.renew !== undefined;
    return tokens === null || tokens.expires === 0 || !renewable ? Infinity : tokens.expires - AHEAD_MS;
  }

  async function read(session: string, hash: string): Promise<Read | null> {
    const mine = { changed: false };
    reading.set(hash, mine);
    try {
      for (;;) {
        const row = await records.logins.get(hash);
        const sealed = row === null ? null : readStored(vault, session, hash, row.content);
        const found = sealed && { sealed, roles: await rolesOf(sealed.stored) };
        if (!mine.changed) return found;
        mine.changed = false;
      }
    } finally {
      reading.delete(hash);
    }
  }

  const rolesOf = async (stored: StoredLogin): Promise<readonly string[]> =>
    (stored.moved === undefined ? await sources.get(stored.subject.source)?.roles?.(stored) : undefined) ??
    stored.subject.roles;

  async function load(session: string): Promise<Known | null> {
    const hash = vault.hashOf(session);
    const found = await read(session, hash);
    if (found === null) {
      forget(hash);
      return null;
    }
    const { sealed, roles } = found;
    const { stored, ref } = sealed;
    const next = since(stored, { ...stored, subject: { ...stored.subject, roles } });
    if (mayTheSame(stored.subject, next.subject)) return renewed(session, keep(session, hash, sealed));
    return replaced(session, hash, { stored: next, ref });
  }

  /** Writes what has become of a login; null where it has ended meanwhile. */
  async function replaced(session: string, hash: string, sealed: SealedLogin): Promise<Known | null> {
    const content = sealStored(vault, session, hash, sealed);
    if (await records.logins.replace(hash, content, sealed.stored.expires)) return keep(session, hash, sealed);
    forget(hash);
    return null;
  }

  async function renewed(session: string, found: Known): Promise<Known | null> {
    const now = clock.wall();
    if (now < found.renews) return found;
    // One process alone asks the provider; the others go on with what they have until they hear of the change.
    const mine = await records.logins.claim(found.hash, now + AHEAD_MS);
    const source = sources.get(found.stored.subject.source);
    const later = { ...found, renews: now + AHEAD_MS / 3 };
    // Unless it has ended meanwhile.
    if (known.get(session) === found) known.set(session, later);
    if (!mine || source?.renew === undefined) return later;
    let next: StoredLogin | null;
    try {
      next = await source.renew(found.stored);
    } catch {
      return later;
    }
    if (next === null) {
      await records.logins.remove(found.hash);
      forget(found.hash);
      onEnded(found.ref);
      return null;
    }
    return replaced(session, found.hash, { stored: since(found.stored, next), ref: found.ref });
  }

  function ask(session: string): Promise<Known | null> {
    const asked = asking.get(session);
    if (asked !== undefined) return asked;
    const asks = load(session).finally(() => asking.delete(session));
    asking.set(session, asks);
    return asks;
  }

  function find(session: string): Eventually<Known | null> {
    const found = known.get(session);
    if (found === undefined || records.lag() > MOST_LAG_MS) return ask(session);
    const now = clock.wall();
    if (now >= found.login.expires) return null;
    return now < found.renews ? found : ask(session);
  }

  const book: LoginBook = {
    of: (session) => whenKnown(find(session), (found) => (found === null || hasMoved(found) ? null : found.login)),
    hasChanged: parts.hasChanged,
    hasMoved: (session) => whenKnown(find(session), (found) => found !== null && hasMoved(found)),
    async stored(session) {
      const found = await find(session);
      return found === null || hasMoved(found) ? null : found.stored;
    },
    async standing(session) {
      let at: TakenGrant | null = null;
      for (let steps = 0; steps < MOST_MOVES; steps += 1) {
        const found: Known | null = await find(at?.id ?? session);
        if (found === null) return 'ended';
        const { moved, due } = found.stored;
        if (moved === undefined) return at ?? (due === true ? 'due' : 'stands');
        at = moved;
      }
      return 'ended';
    },
    async move(session, to) {
      const found = await find(session);
      if (found === null || hasMoved(found)) return false;
      const { stored, hash, ref } = found;
      const { place, idHigh, idLow } = to;
      const next: SealedLogin = { stored: { ...stored, due: false }, ref: { place, idHigh, idLow } };
      const until = clock.wall() + LEFT_MS;
      const left: SealedLogin = { stored: { ...stored, tokens: null, expires: until, moved: to }, ref };
      const nextHash = vault.hashOf(to.id);
      const row = rowOf(nextHash, next.stored, sealStored(vault, to.id, nextHash, next));
      if (!(await records.logins.move(hash, row, sealStored(vault, session, hash, left), until))) {
        forget(hash);
        return false;
      }
      keep(session, hash, left);
      keep(to.id, nextHash, next);
      return true;
    },
    async put(session, ref, stored, expires = stored.expires) {
      const hash = vault.hashOf(session);
      const content = sealStored(vault, session, hash, { stored, ref });
      await records.logins.put({ ...rowOf(hash, stored, content), expires });
      keep(session, hash, { stored, ref });
    },
    async remove(session) {
      const found = await find(session);
      const hash = vault.hashOf(session);
      const mine = await records.logins.remove(hash);
      forget(hash);
      if (found?.stored.moved !== undefined) return book.remove(found.stored.moved.id);
      return mine && found !== null ? found.ref : null;
    },
    async removeRow({ sessionHash, content }) {
      const mine = await records.logins.remove(sessionHash);
      forget(sessionHash);
      return mine ? readRef(vault, sessionHash, content) : null;
    },
    async removeAll(filter) {
      const rows = await records.logins.removeAll(filter);
      for (const row of rows) forget(row.sessionHash);
      return rows.flatMap((row) => {
        const ref = readRef(vault, row.sessionHash, row.content);
        return ref === null ? [] : [ref];
      });
    },
    close: stop,
  };
  return book;
}

const hasMoved = ({ stored }: SealedLogin): boolean => stored.moved !== undefined;

/** What was found out later about a login: whether the person may do something else by now than the session began with. */
const since = (before: StoredLogin, now: StoredLogin): StoredLogin =>
  before.due === true || !mayTheSame(before.subject, now.subject) ? { ...now, due: true } : now;

function rowOf(sessionHash: string, { subject, sid, created, expires }: StoredLogin, content: Uint8Array): LoginRow {
  return { sessionHash, source: subject.source, subject: subject.id, sid, content, created, expires };
}

function toLogin({ subject, expires, tokens }: StoredLogin): Login {
  const token = tokens === null || tokens.relay === 'none' ? '' : tokens[tokens.relay];
  return { subject, expires, relay: token === '' ? '' : `Bearer ${token}` };
}
