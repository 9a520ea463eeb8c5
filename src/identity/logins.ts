import type { LoginRow, Records } from '../guard/records.ts';
import type { SessionRef } from '../guard/state.ts';
import type { Login, Logins } from '../guard/subject.ts';
import type { Clock } from '../lib/clock.ts';
import type { Eventually } from '../lib/eventually.ts';
import { createGenerations } from '../lib/generations.ts';
import type { Source, StoredLogin } from './source.ts';
import { readRef, readStored, type SealedLogin, sealStored } from './stored.ts';
import type { Vault } from './vault.ts';

/** Logins of sessions: in records, sealed, and in memory while they are in use. */
export interface LoginBook extends Logins {
  stored(session: string): Promise<StoredLogin | null>;
  /** `keptUntil`: milliseconds since 1970, where the record may go before the login expires. */
  put(session: string, ref: SessionRef, login: StoredLogin, keptUntil?: number): Promise<void>;
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

/** Tokens are renewed this long before they expire, and not again for as long where the provider cannot be reached. */
const AHEAD_MS = 30_000;
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

  async function read(hash: string): Promise<LoginRow | null> {
    const mine = { changed: false };
    reading.set(hash, mine);
    try {
      for (;;) {
        const row = await records.logins.get(hash);
        if (!mine.changed) return row;
        mine.changed = false;
      }
    } finally {
      reading.delete(hash);
    }
  }

  async function load(session: string): Promise<Known | null> {
    const hash = vault.hashOf(session);
    const row = await read(hash);
    if (row === null) {
      forget(hash);
      return null;
    }
    const sealed = readStored(vault, session, hash, row.content);
    return sealed === null ? null : renewed(session, keep(session, hash, sealed));
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
    const content = sealStored(vault, session, found.hash, { stored: next, ref: found.ref });
    if (!(await records.logins.replace(found.hash, content, next.expires))) {
      forget(found.hash);
      return null;
    }
    return keep(session, found.hash, { stored: next, ref: found.ref });
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

  return {
    of(session) {
      const found = find(session);
      return found instanceof Promise ? found.then((it) => it?.login ?? null) : (found?.login ?? null);
    },
    hasChanged: parts.hasChanged,
    stored: async (session) => (await find(session))?.stored ?? null,
    async put(session, ref, stored, expires = stored.expires) {
      const hash = vault.hashOf(session);
      const { subject, sid, created } = stored;
      const content = sealStored(vault, session, hash, { stored, ref });
      const row = { sessionHash: hash, source: subject.source, subject: subject.id, sid, content, created, expires };
      await records.logins.put(row);
      keep(session, hash, { stored, ref });
    },
    async remove(session) {
      const found = await find(session);
      const hash = vault.hashOf(session);
      const mine = await records.logins.remove(hash);
      forget(hash);
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
}

function toLogin({ subject, expires, tokens }: StoredLogin): Login {
  const token = tokens === null || tokens.relay === 'none' ? '' : tokens[tokens.relay];
  return { subject, expires, relay: token === '' ? '' : `Bearer ${token}` };
}
