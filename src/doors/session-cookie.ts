import type { Clock } from '../lib/clock.ts';
import type { Whereabouts } from '../guard/drift.ts';
import { createGenerations } from '../lib/generations.ts';
import { labelOf } from '../guard/session-label.ts';
import { makeTypeable } from '../lib/typeable.ts';
import { BOUND_COOKIE } from '../wire/constants.ts';
import { formatSetCookie, readCookie } from './cookies.ts';
import { ownCopy } from './platform.ts';
import type { Random } from './random.ts';
import type { KeyRing } from './seal.ts';
import { readWhereabouts, WHEREABOUTS_BYTES, writeWhereabouts } from './whereabouts.ts';

/**
 * The session cookie (docs/protocol.md §2.5): sealed, made by `enter` alone, never on a navigation. It says which
 * session this browser is in and where that session lies; whether it still lives is for the state to say.
 */
export interface SessionCookies {
  /** The session in a Cookie field; null where there is none that is ours, in time and the only one. */
  open(cookieField: string, now: number): OpenSession | null;
  /** `Set-Cookie` for a session. */
  issue(session: SessionContent, now: number): string;
  /** `Set-Cookie` that tells the page's script which bound session this is: its label, readable, worth nothing. */
  issueLabel(session: SessionContent, now: number): string;
  /** Whether a cookie that was just used should be replaced, because its idle time counts from too long ago. */
  isWorn(session: OpenSession, now: number): boolean;
}

export interface SessionContent {
  /** 16 bytes, base64url. */
  readonly id: string;
  readonly place: number;
  /** Seconds since 1970. */
  readonly created: number;
  /** SHA-256 of the session key that this session is bound to, base64url; '' while it is not (docs/protocol.md §2.4). */
  readonly key: string;
  /** Names the login that the session has; 0 while nobody is logged in. */
  readonly login: number;
  readonly from: Whereabouts;
}

/** 16 bytes. State knows a session by the first half of its id, people, records and logs by the second: see session-label.ts. */
export const newSessionId = (random: Random): Buffer => makeTypeable(random(16), 8, 0);

export interface OpenSession extends SessionContent {
  /** First 8 bytes of the id. */
  readonly idHigh: number;
  readonly idLow: number;
  /** When the cookie was written: seconds since 1970. */
  readonly seen: number;
}

export interface SessionCookiesOptions {
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly cookieName: () => string;
  /** Seconds: idle and at most. */
  readonly times: () => { readonly idle: number; readonly max: number };
  /** Opened cookies of one generation. Default 16,384. */
  readonly remembered?: number;
}

/** An opened cookie, under the last characters of its text: its seal's tag, which is quicker to look up by. */
interface Remembered {
  readonly value: string;
  readonly session: OpenSession;
}

const keyOf = (value: string): string => value.slice(-22);

const VERSION = 3;
const AT_ID = 1;
const AT_PLACE = 17;
const AT_CREATED = 21;
const AT_SEEN = 25;
const AT_LOGIN = 29;
const AT_KEY = 33;
const KEY_BYTES = 32;
const AT_FROM = AT_KEY + KEY_BYTES;
const LENGTH = AT_FROM + WHEREABOUTS_BYTES;

/** A cookie is written anew once in this share of the idle time: the idle time is exact to that share. */
const WORN_SHARE = 1 / 72;
/** How far a sibling's clock may be ahead, in seconds. */
const AHEAD_SECONDS = 60;

export function createSessionCookies(options: SessionCookiesOptions): SessionCookies {
  const { ring, cookieName, times, remembered = 16_384 } = options;
  const opened = createGenerations<Remembered>(remembered);

  function openValue(value: string): OpenSession | null {
    const content = ring.open('session', value);
    if (typeof content === 'string' || content.length !== LENGTH || content[0] !== VERSION) return null;
    const session: OpenSession = {
      id: content.toString('base64url', AT_ID, AT_ID + 16),
      idHigh: content.readUInt32BE(AT_ID),
      idLow: content.readUInt32BE(AT_ID + 4),
      place: content.readUInt32BE(AT_PLACE),
      created: content.readUInt32BE(AT_CREATED),
      login: content.readUInt32BE(AT_LOGIN),
      key: isBound(content) ? content.toString('base64url', AT_KEY, AT_FROM) : '',
      from: readWhereabouts(content, AT_FROM),
      seen: content.readUInt32BE(AT_SEEN),
    };
    opened.set(ownCopy(keyOf(value)), { value: ownCopy(value), session });
    return session;
  }

  function lifeOf(session: SessionContent, seconds: number): number {
    const { idle, max } = times();
    return Math.max(0, Math.min(idle, session.created + max - seconds));
  }

  return {
    open(cookieField, now) {
      const value = readCookie(cookieField, cookieName());
      if (value === '') return null;
      const known = opened.get(keyOf(value));
      const session = known !== undefined && known.value === value ? known.session : openValue(value);
      if (session === null) return null;
      const { idle, max } = times();
      const seconds = now / 1000;
      if (session.seen > seconds + AHEAD_SECONDS) return null;
      return seconds < session.seen + idle && seconds < session.created + max ? session : null;
    },
    issue(session, now) {
      const seconds = Math.floor(now / 1000);
      const content = Buffer.alloc(LENGTH);
      content[0] = VERSION;
      content.write(session.id, AT_ID, 16, 'base64url');
      content.writeUInt32BE(session.place, AT_PLACE);
      content.writeUInt32BE(session.created, AT_CREATED);
      content.writeUInt32BE(seconds, AT_SEEN);
      content.writeUInt32BE(session.login, AT_LOGIN);
      content.write(session.key, AT_KEY, KEY_BYTES, 'base64url');
      writeWhereabouts(content, AT_FROM, session.from);
      return formatSetCookie(cookieName(), ring.seal('session', content), lifeOf(session, seconds));
    },
    issueLabel: (session, now) =>
      `${BOUND_COOKIE}=${labelOf(session.id)}; Path=/; Max-Age=${lifeOf(session, Math.floor(now / 1000))}; Secure; SameSite=Lax`,
    isWorn: (session, now) => now / 1000 > session.seen + times().idle * WORN_SHARE,
  };
}

const UNBOUND = Buffer.alloc(KEY_BYTES);
const isBound = (content: Buffer): boolean => UNBOUND.compare(content, AT_KEY, AT_FROM) !== 0;
