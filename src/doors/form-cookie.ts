import type { AntiForgeryRule } from '../guard/config-forms.ts';
import { FORM_COOKIE, type FormTokens } from './anti-forgery.ts';
import { readCookie } from './cookies.ts';
import type { Enter, EntryResult } from './entry.ts';
import type { SessionCookies } from './session-cookie.ts';

export interface FormCookieParts {
  readonly rule: () => AntiForgeryRule | null;
  readonly tokens: FormTokens;
  readonly sessions: SessionCookies;
  readonly wall: () => number;
}

/**
 * Entries that take up a login, and those by which a page goes on after a logout with a token of before, bring the cookie that scripts read along: the page goes on without a reload, and the token
 * it holds is of the time before. Other pages keep theirs.
 */
export function withFormCookie(enter: Enter, { rule, tokens, sessions, wall }: FormCookieParts): Enter {
  const added = (result: EntryResult, cookies: string, prefix: string): EntryResult => {
    const wanted = rule();
    if (wanted === null || wanted.cookie === '' || result.kind !== 'answer') return result;
    const { answer } = result;
    const session = sessions.open(cookiesIn(answer.fields).join('; '), wall());
    if (session === null) return result;
    const visitor = { session: session.id, login: session.login, form: '', subject: '', prefix };
    if (session.login === 0) {
      const held = readCookie(cookies, wanted.cookie);
      const fault =
        held === '' ? '' : tokens.check(held, { ...visitor, form: readCookie(cookies, FORM_COOKIE) }, wanted);
      if (fault === '' || fault === 'network') return result;
    }
    const fresh = tokens.issue(visitor, wanted).cookies;
    const fields = [...answer.fields, ...fresh.flatMap((cookie) => ['set-cookie', cookie])];
    return { ...result, answer: { ...answer, fields } };
  };
  return (view, body, facts) => {
    const result = enter(view, body, facts);
    const { cookie } = view.headers;
    if (result instanceof Promise) return result.then((made) => added(made, cookie, facts.prefix));
    return added(result, cookie, facts.prefix);
  };
}

/** `name=value` of each cookie that an answer sets. */
function cookiesIn(fields: readonly string[]): string[] {
  const pairs: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === 'set-cookie') pairs.push((fields[i + 1] ?? '').split(';')[0] ?? '');
  }
  return pairs;
}
