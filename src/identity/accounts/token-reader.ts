import { type Refusal, refusal } from '../../guard/decision.ts';
import type { Context } from '../../guard/layer.ts';
import { shownTicket } from '../../guard/shown-ticket.ts';
import type { Subject, SubjectReader } from '../../guard/subject.ts';
import type { RequestView } from '../../guard/view.ts';
import { tokensAllowed } from './log-in.ts';
import type { Source } from '../source.ts';
import type { Tokens } from './tokens.ts';

const NO_TOKEN = refusal('login-required', 'a session token that is known here and in time');
const OTHER_SESSION = refusal('login-required', 'the session that the token was given to');

/**
 * Reads session tokens where the configuration gives any: `Authorization: Bearer`, or the header that it names. A token
 * is worth nothing outside the session it was given to: at level `proof` that is the session of the page's keys.
 */
export function createTokenReader(
  tokens: Pick<Tokens, 'open' | 'end'>,
  token: boolean | string | undefined,
): Required<Pick<Source, 'reader' | 'leave'>> | null {
  if (!tokensAllowed(token)) return null;
  const header = typeof token === 'string' ? token.toLowerCase() : '';

  async function judge(value: string, context: Context): Promise<Subject | Refusal | null> {
    const open = await tokens.open(value);
    // Another reader's, perhaps: a field of our own name is nobody else's.
    if (open === null) return header === '' ? null : NO_TOKEN;
    const session = shownTicket(context)?.session ?? context.cookieSession;
    return session === open.session ? open.subject : OTHER_SESSION;
  }

  const valueIn = (request: RequestView): string =>
    header === '' ? bearerOf(request.headers.authorization) : fieldOf(request, header);
  const read: SubjectReader['read'] = (request, context) => {
    const value = valueIn(request);
    return value === '' ? null : judge(value, context);
  };
  return {
    reader: { ...(header === '' ? { challenge: 'Bearer' } : {}), read, again: read },
    leave: (request) => tokens.end(valueIn(request)),
  };
}

const bearerOf = (authorization: string): string => /^bearer +([\w.-]{1,4096})$/i.exec(authorization)?.[1] ?? '';

/** The one field of this name; '' where there is none. Two of them are none. */
function fieldOf({ fields }: RequestView, name: string): string {
  let value = '';
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== name) continue;
    if (value !== '') return '';
    value = fields[at + 1] ?? '';
  }
  return value;
}
