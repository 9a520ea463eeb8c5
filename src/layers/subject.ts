import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import type { UserRule } from '../guard/policy.ts';
import { shownTicket } from '../guard/shown-ticket.ts';
import {
  type Login,
  type Logins,
  mayTheSame,
  type Subject,
  subjectName,
  type SubjectReader,
} from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';
import { CODES } from '../wire/codes.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';

const LOGIN = refusal('login-required', 'a person who is logged in');
const STEP_UP = refusal('step-up', 'a login as fresh and as strong as the route’s `user` asks');
const CHANGED = refusal('login-changed', 'a page that was loaded since somebody logged in or out');
const ENDED = refusal('login-required', 'a login that has not ended');
const MOVED = refusal('entry-required', 'the session under which the login goes on');
const OTHERWISE = refusal('entry-required', 'a new request: what this person may do has changed');

export interface SubjectParts {
  /** Logins of sessions; null where nobody can log in by the gate. */
  readonly logins: Logins | null;
  /** Other ways of showing who one is (tokens, the app's own hook), asked in turn where the session has no login. */
  readonly readers: readonly SubjectReader[];
}

/**
 * Who is calling? The login of the session that the proof, or else its cookie, belongs to; else whatever else vouches
 * for somebody. Comes after proof and session, and believes only what these have verified.
 */
export function createSubject({ logins, readers }: SubjectParts): Layer {
  const releasing = readers.filter((reader) => reader.release !== undefined);
  // Without tokens the refusal names the gate's own scheme by itself.
  const schemes = [...new Set(readers.flatMap((reader) => reader.challenge ?? []))];
  const offered = [...schemes, ...(logins === null ? [] : ['Sallyport'])];
  const challenge = schemes.length === 0 ? [] : ['www-authenticate', offered.join(', ')];
  const observe: NonNullable<Layer['observe']> = (_request, context, refused) => {
    if (refused === null || CODES[refused.code].remedy === 'none') return;
    for (const reader of releasing) reader.release?.(context);
  };
  return {
    name: 'subject',
    ...(releasing.length === 0 ? {} : { observe }),
    everyRule: true,
    stands(request, context) {
      const { subject } = context;
      if (subject === null) return PASS;
      const session = sessionOf(context);
      if (session !== '' && logins !== null) {
        return whenKnown(logins.of(session), (login) => {
          if (login === null) return ENDED;
          return mayTheSame(login.subject, subject) ? PASS : OTHERWISE;
        });
      }
      return whenKnown(again(readers, request, context), (found) => sameAs(subject, found));
    },
    forRoute: (route, policy) => {
      const rule = route.user;
      // What is only reported goes on to the backend, and the answer is the backend's.
      const isEnforced = policy.mode === 'enforce' && (policy.layerModes.get('subject') ?? route.mode) === 'enforce';
      if (rule === null && logins === null && readers.length === 0) return null;
      return (request, context) => {
        const session = sessionOf(context);
        if (session !== '' && logins !== null) {
          return whenKnown(logins.of(session), (login) =>
            login === null ? ended(logins, session, rule, context) : byLogin(login, rule, context),
          );
        }
        return whenKnown(read(readers, request, context), (found) =>
          byReader(found, rule, context, isEnforced ? challenge : []),
        );
      };
    },
  };
}

/** Session that says of itself, under our seal, that it has a login; '' for none. */
function sessionOf(context: Context): string {
  const shown = shownTicket(context);
  if (shown !== null) return shown.loginEpoch === 0 ? '' : shown.session;
  return context.cookieLogin ? context.cookieSession : '';
}

/** Another tab logged in or out: this page is told so, not that nobody is logged in. */
function ended(
  logins: Logins,
  session: string,
  rule: UserRule | null,
  { ticket }: Context,
): Eventually<Pass | Refusal> {
  return whenKnown(logins.hasMoved(session), (moved) => {
    if (moved) return MOVED;
    if (rule === null) return PASS;
    if (ticket === null) return ENDED;
    const ref = { place: ticket.sessionPlace, idHigh: ticket.sessionIdHigh, idLow: ticket.sessionIdLow };
    return whenKnown(logins.hasChanged(ref), (changed) => (changed ? CHANGED : ENDED));
  });
}

function byLogin(login: Login, rule: UserRule | null, context: Context): Pass | Refusal {
  context.subject = login.subject;
  context.relay = login.relay;
  return meets(rule, login.subject, context);
}

function byReader(
  found: Subject | Refusal | null,
  rule: UserRule | null,
  context: Context,
  challenge: readonly string[],
): Pass | Refusal {
  if (found === null) {
    if (rule === null || context.key !== null) return PASS;
    if (challenge.length > 0) context.responseFields = [...context.responseFields, ...challenge];
    return LOGIN;
  }
  if ('kind' in found) {
    if (rule !== null) return found;
    // Nobody was asked for: nothing of it belongs to what another layer may say later.
    context.evidence = '';
    context.retryAfter = 0;
    return PASS;
  }
  context.subject = found;
  return meets(rule, found, context);
}

function meets(rule: UserRule | null, subject: Subject, context: Context): Pass | Refusal {
  if (rule === null) return PASS;
  if (rule.acr.length > 0 && !rule.acr.includes(subject.acr)) {
    context.evidence = `acr ${JSON.stringify(subject.acr)}`;
    return STEP_UP;
  }
  const age = context.now / 1000 - subject.authTime;
  if (rule.maxAge === 0 || age <= rule.maxAge) return PASS;
  context.evidence = `logged in ${Math.floor(age)} s ago`;
  return STEP_UP;
}

function read(
  readers: readonly SubjectReader[],
  request: RequestView,
  context: Context,
  index = 0,
): Eventually<Subject | Refusal | null> {
  const reader = readers[index];
  if (reader === undefined) return null;
  return whenKnown(reader.read(request, context), (found) => found ?? read(readers, request, context, index + 1));
}

/** As {@link read}, but of what is open: nothing is used up. */
function again(
  readers: readonly SubjectReader[],
  request: RequestView,
  context: Context,
  index = 0,
): Eventually<Subject | Refusal | null> {
  const reader = readers[index];
  if (reader === undefined) return null;
  return whenKnown(reader.again(request, context), (found) => found ?? again(readers, request, context, index + 1));
}

function sameAs(subject: Subject, found: Subject | Refusal | null): Pass | Refusal {
  if (found === null) return ENDED;
  if ('kind' in found) return found;
  if (subjectName(found) !== subjectName(subject)) return ENDED;
  return mayTheSame(found, subject) ? PASS : OTHERWISE;
}
