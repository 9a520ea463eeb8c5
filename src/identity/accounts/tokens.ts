import type { KeyRing } from '../../doors/seal.ts';
import type { Records } from '../../guard/records.ts';
import type { Subject } from '../../guard/subject.ts';
import type { Clock } from '../../lib/clock.ts';
import { createGenerations } from '../../lib/generations.ts';
import type { Directory } from './directory.ts';
import { subjectOf } from './subject.ts';

/**
 * Session tokens for pages that keep their token themselves: sealed, bound to the session of the two doors that asked
 * for them, and good while their row is there.
 */
export interface TokenReader {
  /** Whose token this is, and for which session alone; null where it is none, has expired or was ended. */
  open(token: string): Promise<OpenToken | null>;
}

export interface OpenToken {
  /** Session id, 16 bytes base64url: the request has to belong to it. */
  readonly session: string;
  readonly subject: Subject;
}

export interface Tokens extends TokenReader {
  issue(session: string, accountId: string, amr: readonly string[]): Promise<{ token: string; expires: number }>;
  /** Ends one token, wherever it is. */
  end(token: string): Promise<void>;
  /** Ends all of an account. */
  endAll(accountId: string): Promise<void>;
}

export interface TokensParts {
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly records: Pick<Records, 'users' | 'sql'>;
}

/** A sealing key is accepted for a day at least. */
const LIFE_MS = 12 * 3600 * 1000;
/**
 * What was found good is asked again after so long, in milliseconds: the bound in which a token ends on other processes,
 * 1 s where they share a file, 5 s where they share a server.
 */
const FRESH_MS = { sqlite: 800, postgres: 4000 };
const VERSION = 1;
const SESSION_BYTES = 16;

interface Content {
  readonly session: string;
  readonly row: string;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly made: number;
  readonly amr: readonly string[];
}

export function createTokens({ ring, clock, directory, records }: TokensParts): Tokens {
  const fresh = createGenerations<{ readonly subject: Subject; readonly until: number }>(8192);
  const freshMs = FRESH_MS[records.sql.type];
  // Counts what was ended here: an answer from before it is not kept.
  let endings = 0;

  function read(token: string): Content | null {
    const content = ring.open('token', token);
    if (typeof content === 'string' || content[0] !== VERSION || content.length < SESSION_BYTES + 10) return null;
    const expires = content.readUInt32BE(17);
    if (expires * 1000 <= clock.wall()) return null;
    const [row = '', amr = ''] = content.toString('latin1', 25).split(' ');
    return {
      session: content.toString('base64url', 1, 17),
      row,
      expires,
      made: content.readUInt32BE(21),
      amr: amr.split(','),
    };
  }

  return {
    async issue(session, accountId, amr) {
      const expires = clock.wall() + LIFE_MS;
      const row = await directory.tokens.create(accountId, expires);
      const head = Buffer.alloc(25);
      head[0] = VERSION;
      head.write(session, 1, SESSION_BYTES, 'base64url');
      head.writeUInt32BE(Math.floor(expires / 1000), 17);
      head.writeUInt32BE(Math.floor(clock.wall() / 1000), 21);
      return { token: ring.seal('token', Buffer.concat([head, Buffer.from(`${row} ${amr.join(',')}`)])), expires };
    },
    async open(token) {
      const content = read(token);
      if (content === null) return null;
      const { session, row } = content;
      const known = fresh.get(row);
      if (known !== undefined && known.until > clock.monotonic()) return { session, subject: known.subject };
      const before = endings;
      const userId = await directory.tokens.userOf(row, clock.wall());
      const account = userId === null ? null : await directory.byId(userId);
      if (account === null || (await records.users.get('accounts', account.id))?.blocked === true) return null;
      const subject = subjectOf(account, content.amr, content.made);
      if (endings === before) fresh.set(row, { subject, until: clock.monotonic() + freshMs });
      return { session, subject };
    },
    async end(token) {
      const content = read(token);
      if (content === null) return;
      await directory.tokens.end(content.row);
      endings++;
      fresh.delete(content.row);
    },
    async endAll(accountId) {
      await directory.tokens.endAll(accountId);
      endings++;
      fresh.clear();
    },
  };
}
