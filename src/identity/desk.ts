import type { EntryLogins, TakenGrant } from '../doors/entry-logins.ts';
import { formatSetCookie, readCookie } from '../doors/cookies.ts';
import type { Random } from '../doors/random.ts';
import type { KeyRing } from '../doors/seal.ts';
import type { SessionRef } from '../guard/state.ts';
import type { Clock } from '../lib/clock.ts';
import { createGenerations } from '../lib/generations.ts';
import { BOUND_COOKIE } from '../wire/constants.ts';
import type { LoginBook } from './logins.ts';
import type { LoginDesk } from './source.ts';

export interface DeskParts {
  readonly book: LoginBook;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends a session in state: its tickets and its cookie are worthless from then on. */
  readonly revoke: (ref: SessionRef) => void | Promise<void>;
  readonly cookieName: () => string;
  /** Name of the grant's cookie. Default `__Host-sallyport-login`. */
  readonly grantCookie?: string;
}

/** Both sides of the desk: sources hand logins in, the second door takes them up. */
export interface Desk {
  readonly desk: LoginDesk;
  readonly entry: EntryLogins;
}

export const LOGIN_COOKIE = '__Host-sallyport-login';
/** A grant waits this long for the entry of its browser. */
const GRANT_SECONDS = 60;

const VERSION = 1;
const AT_ID = 1;
const AT_PREVIOUS = 17;
const AT_LOGIN = 33;
const AT_MADE = 37;
const LENGTH = 41;

/** Grants that were taken up are remembered as long as they could come again: a second tab joins the session. */
const TAKEN = 16_384;

export function createDesk(parts: DeskParts): Desk {
  const { book, ring, clock, random, revoke, cookieName, grantCookie = LOGIN_COOKIE } = parts;
  const taken = createGenerations<TakenGrant>(TAKEN);

  /** A login that waits lies in the book under the grant's id, as if that were a session: it ends as sessions do. */
  async function wait(grant: string, login: Parameters<LoginDesk['admit']>[1]): Promise<void> {
    const keptUntil = Math.min(login.expires, clock.wall() + GRANT_SECONDS * 1000);
    await book.put(grant, { place: 0, idHigh: 0, idLow: 0 }, login, keptUntil);
  }

  const desk: LoginDesk = {
    async admit({ session }, login) {
      const id = random(16);
      await wait(id.toString('base64url'), login);
      const content = Buffer.alloc(LENGTH);
      content[0] = VERSION;
      id.copy(content, AT_ID);
      content.write(session?.id ?? '', AT_PREVIOUS, 16, 'base64url');
      content.writeUInt32BE((random(4).readUInt32BE(0) | 1) >>> 0, AT_LOGIN);
      content.writeUInt32BE(Math.floor(clock.wall() / 1000), AT_MADE);
      return [formatSetCookie(grantCookie, ring.seal('login', content), GRANT_SECONDS)];
    },
    async leave({ session }) {
      const gone = [cookieName(), BOUND_COOKIE, grantCookie].map((name) => formatSetCookie(name, '', 0));
      const ref = session === null ? null : await book.remove(session.id);
      if (ref !== null) await revoke(ref);
      return gone;
    },
    stored: async ({ session }) => (session === null ? null : book.stored(session.id)),
    async end(which) {
      const refs = await book.removeAll(which);
      for (const ref of refs) await revoke(ref);
      return refs.length;
    },
  };

  const entry: EntryLogins = {
    clear: formatSetCookie(grantCookie, '', 0),
    granted(cookieField, session, now) {
      const value = readCookie(cookieField, grantCookie);
      const content = value === '' ? 'unknown' : ring.open('login', value);
      if (typeof content === 'string' || content.length !== LENGTH || content[0] !== VERSION) return null;
      const age = now / 1000 - content.readUInt32BE(AT_MADE);
      if (age > GRANT_SECONDS || age < -GRANT_SECONDS) return null;
      const id = content.toString('base64url', AT_ID, AT_PREVIOUS);
      const found = taken.get(id) ?? null;
      const previous = isZero(content) ? '' : content.toString('base64url', AT_PREVIOUS, AT_LOGIN);
      // For the browser that the login was made in, and for the session that it became. One that had no session then may
      // have got one meanwhile, by an entry of another tab that was under way: who would abuse that could leave it out.
      const fits = previous === '' || previous === (session?.id ?? '') || (found !== null && session?.id === found.id);
      return fits ? { id, login: content.readUInt32BE(AT_LOGIN), taken: found } : null;
    },
    standing: (session) => book.standing(session),
    move: (session, to) => book.move(session, to),
    async take(grant, taker) {
      const waiting = await book.stored(grant.id);
      if (waiting === null || (await book.remove(grant.id)) === null) return false;
      taken.set(grant.id, taker);
      const { place, idHigh, idLow } = taker;
      // What the person may do now is what the new session begins with.
      await book.put(taker.id, { place, idHigh, idLow }, { ...waiting, due: false });
      return true;
    },
  };
  return { desk, entry };
}

const isZero = (content: Buffer): boolean => Buffer.alloc(16).compare(content, AT_PREVIOUS, AT_LOGIN) === 0;
