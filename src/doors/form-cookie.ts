import type { AntiForgeryRule } from '../guard/config-forms.ts';
import type { FormTokens } from './anti-forgery.ts';
import type { Enter, EntryResult } from './entry.ts';
import type { SessionCookies } from './session-cookie.ts';

export interface FormCookieParts {
  readonly rule: () => AntiForgeryRule | null;
  readonly tokens: FormTokens;
  readonly sessions: SessionCookies;
  readonly wall: () => number;
}

/**
 * Entries that take up a login bring the cookie that scripts read along: the page goes on without a reload, and the token
 * it holds is of the time before. Other pages keep theirs.
 */
export function withFormCookie(enter: Enter, { rule, tokens, sessions, wall }: FormCookieParts): Enter {
  const added = (result: EntryResult, prefix: string): EntryResult => {
    const wanted = rule();
    if (wanted === null || wanted.cookie === '' || result.kind !== 'answer') return result;
    const { answer } = result;
    const session = sessions.open(cookiesIn(answer.fields).join('; '), wall());
    if (session === null || session.login === 0) return result;
    const visitor = { session: session.id, login: session.login, form: '', subject: '', prefix };
    const { cookies } = tokens.issue(visitor, wanted);
    const fields = [...answer.fields, ...cookies.flatMap((cookie) => ['set-cookie', cookie])];
    return { kind: 'answer', answer: { ...answer, fields } };
  };
  return (view, body, facts) => {
    const result = enter(view, body, facts);
    if (result instanceof Promise) return result.then((made) => added(made, facts.prefix));
    return added(result, facts.prefix);
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
