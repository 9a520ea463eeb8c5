import { createHash, timingSafeEqual } from 'node:crypto';
import type { AntiForgeryRule } from '../guard/config-forms.ts';
import type { FormToken } from '../guard/guard.ts';
import type { Context } from '../guard/layer.ts';
import { type Subject, subjectName } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';
import { formatSetCookie, readCookie } from './cookies.ts';
import type { Random } from './random.ts';
import type { KeyRing } from './seal.ts';
import type { SessionCookies } from './session-cookie.ts';

/** Names a browser that has no session yet, so that its tokens are its own. */
export const FORM_COOKIE = '__Host-sallyport-form';

/** Whose token it is. */
export interface Visitor {
  /** Session id, base64url; '' without a session. */
  readonly session: string;
  /** Names the session's login; 0 for none. */
  readonly login: number;
  /** Id in {@link FORM_COOKIE}; '' without one. */
  readonly form: string;
  /** `source:id` of somebody who is known without a session; ''. */
  readonly subject: string;
  /** Network prefix. */
  readonly prefix: string;
}

/** What a visitor is told from. */
export type VisitorFacts = Pick<Context, 'ticket' | 'prefix'> & { readonly subject: Subject | null };

/** Why a token is not good; '' where it is. `network`: it is, but was given to another network. */
export type TokenFault = '' | 'unknown' | 'old' | 'session' | 'login' | 'network';

/**
 * Tokens against forged requests (R30): sealed by a key that only servers have, for one session and login, or for the
 * browser that holds the form cookie. Each is sealed anew, so that no two are alike in compressed pages.
 */
export interface FormTokens {
  visitorOf(request: RequestView, facts: VisitorFacts): Visitor;
  issue(visitor: Visitor, rule: AntiForgeryRule): FormToken;
  check(token: string, visitor: Visitor, rule: AntiForgeryRule): TokenFault;
}

export interface FormTokensParts {
  readonly ring: KeyRing;
  readonly random: Random;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  readonly sessions: SessionCookies;
}

const VERSION = 1;
const AT_MADE = 1;
const AT_KIND = 5;
const AT_ID = 6;
const AT_LOGIN = 22;
const AT_SUBJECT = 26;
const AT_NETWORK = 42;
const LENGTH = 50;

const OF_SESSION = 1;
const OF_BROWSER = 2;

/** How far a sibling's clock may be ahead, in seconds. */
const AHEAD_SECONDS = 60;
const FORM_ID = /^[\w-]{22}$/;

export function createFormTokens({ ring, random, wall, sessions }: FormTokensParts): FormTokens {
  return {
    visitorOf(request, { ticket, subject, prefix }) {
      const { cookie } = request.headers;
      const opened = cookie === '' || ticket !== null ? null : sessions.open(cookie, wall());
      const form = cookie === '' ? '' : readCookie(cookie, FORM_COOKIE);
      const login = ticket?.loginEpoch ?? opened?.login ?? 0;
      return {
        session: ticket?.session ?? opened?.id ?? '',
        login,
        form: FORM_ID.test(form) ? form : '',
        // A session's login says who it is already; others say it with each request.
        subject: subject === null || login !== 0 ? '' : subjectName(subject),
        prefix,
      };
    },
    issue(visitor, rule) {
      const ofSession = visitor.session !== '';
      const form = visitor.form === '' ? random(16).toString('base64url') : visitor.form;
      const content = Buffer.alloc(LENGTH);
      content[0] = VERSION;
      content.writeUInt32BE(Math.floor(wall() / 1000), AT_MADE);
      content[AT_KIND] = ofSession ? OF_SESSION : OF_BROWSER;
      content.write(ofSession ? visitor.session : form, AT_ID, 16, 'base64url');
      content.writeUInt32BE(visitor.login, AT_LOGIN);
      hashOf(visitor.subject).copy(content, AT_SUBJECT, 0, AT_NETWORK - AT_SUBJECT);
      hashOf(visitor.prefix).copy(content, AT_NETWORK, 0, LENGTH - AT_NETWORK);
      const token = ring.seal('form', content);
      const cookies = ofSession ? [] : [formatSetCookie(FORM_COOKIE, form, rule.life)];
      if (rule.cookie !== '') cookies.push(readableCookie(rule.cookie, token, rule.life));
      return { token, field: rule.field, cookies };
    },
    check(token, visitor, rule) {
      const content = ring.open('form', token);
      if (typeof content === 'string' || content.length !== LENGTH || content[0] !== VERSION) return 'unknown';
      const age = wall() / 1000 - content.readUInt32BE(AT_MADE);
      if (age > rule.life || age < -AHEAD_SECONDS) return 'old';
      const ofSession = content[AT_KIND] === OF_SESSION;
      const login = content.readUInt32BE(AT_LOGIN);
      // A login goes on under a new session id when roles change: forms that were open by then are still that person's.
      const sameLogin = ofSession && login !== 0 && login === visitor.login;
      if (!sameLogin && !isId(content, ofSession ? visitor.session : visitor.form)) return 'session';
      if (login !== visitor.login) return 'login';
      if (!isHash(content, AT_SUBJECT, AT_NETWORK, visitor.subject)) return 'login';
      return isHash(content, AT_NETWORK, LENGTH, visitor.prefix) ? '' : 'network';
    },
  };
}

/** In constant time, as all comparisons with what somebody sent. */
function isId(content: Buffer, id: string): boolean {
  const expected = Buffer.from(id, 'base64url');
  return expected.length === 16 && timingSafeEqual(content.subarray(AT_ID, AT_LOGIN), expected);
}

const isHash = (content: Buffer, from: number, to: number, text: string): boolean =>
  timingSafeEqual(content.subarray(from, to), hashOf(text).subarray(0, to - from));

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Scripts of the page read it, those of other sites cannot: that is what it shows (R30, double submit). */
function readableCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; SameSite=Lax`;
}
