import type { Answer } from '../guard/decision.ts';
import type { Endpoint, EndpointCall } from '../guard/endpoint.ts';
import type { Policy } from '../guard/policy.ts';
import { problemAnswer } from '../guard/problem.ts';
import type { LoginRow, Records } from '../guard/records.ts';
import type { SessionRef } from '../guard/state.ts';
import type { Subject } from '../guard/subject.ts';
import type { Clock } from '../lib/clock.ts';
import type { Code } from '../wire/codes.ts';
import type { LoginBook } from './logins.ts';
import { isRecent } from './recent.ts';
import type { Vault } from './vault.ts';

export interface OwnSessionsParts {
  readonly records: Records;
  readonly book: LoginBook;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly policy: () => Policy;
  readonly revoke: (ref: SessionRef) => void | Promise<void>;
  /** Ends what else opens as this person: tokens that pages keep. */
  readonly endTokens: (subject: Subject) => Promise<void>;
}

/** How many are listed; all the others end at once. */
const MOST = 100;
const ALL = 10_000;

/** What a session is called here: enough to tell a person's own apart, and no way to it. */
const nameOf = ({ sessionHash }: LoginRow): string => sessionHash.slice(0, 12);

/**
 * People's own sessions: `GET {mount}/sessions` lists them, `POST {mount}/sessions/end` with `{ "id" }` ends one, with
 * `{ "others": true }` all but the present one, and every token that a page keeps. Signed calls; ending asks for a login of the last five minutes
 * (ASVS 5.0 §7.5.2), else 401 `step-up`.
 */
export function createOwnSessions(parts: OwnSessionsParts): readonly Endpoint[] {
  const { records, book, vault, clock, policy, revoke, endTokens } = parts;

  const problem = (call: EndpointCall, code: Code): Answer => {
    const decision = { ...call.decision, outcome: 'refuse' as const, code, layer: 'identity' };
    const answer = problemAnswer(decision, policy().mount, clock.wall());
    return { ...answer, refused: { code, evidence: 'own sessions' } };
  };

  const rowsOf = ({ source, id }: Subject, most = MOST): Promise<readonly LoginRow[]> =>
    records.logins.list({ source, subject: id }, most);

  async function audit({ source, id }: Subject, ended: number): Promise<void> {
    const target = `${source}:${id}`;
    const event = { time: clock.wall(), actor: target, action: 'login.sessions.end', target, details: { ended } };
    await records.audit.append({ ...event, outcome: 'done' });
  }

  async function list(call: EndpointCall): Promise<Answer> {
    const { session } = call;
    if (session?.login == null) return problem(call, 'login-required');
    const present = vault.hashOf(session.id);
    const sessions = (await rowsOf(session.login.subject)).map((row) => ({
      id: nameOf(row),
      created: new Date(row.created).toISOString(),
      expires: new Date(row.expires).toISOString(),
      current: row.sessionHash === present,
    }));
    return json({ sessions });
  }

  async function end(call: EndpointCall): Promise<Answer> {
    const { session } = call;
    if (session?.login == null) return problem(call, 'login-required');
    const { subject } = session.login;
    if (!isRecent(subject, clock.wall())) return problem(call, 'step-up');
    const asked = parse(call.body);
    if (asked === null) return problem(call, 'schema');
    const present = vault.hashOf(session.id);
    const rows = await rowsOf(subject, asked.others ? ALL : MOST);
    const chosen = asked.others
      ? rows.filter((row) => row.sessionHash !== present)
      : rows.filter((row) => nameOf(row) === asked.id);
    for (const row of chosen) {
      const ref = await book.removeRow(row);
      if (ref !== null) await revoke(ref);
    }
    if (asked.others) await endTokens(subject);
    if (chosen.length > 0) await audit(subject, chosen.length);
    return json({ ended: chosen.length });
  }

  return [
    { method: 'GET', path: '/sessions', asks: 'proof', maxBody: 0, answer: list },
    { method: 'POST', path: '/sessions/end', asks: 'proof', maxBody: 256, answer: end },
  ];
}

function parse(body: Uint8Array): { readonly id: string; readonly others: boolean } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    if (value === null || typeof value !== 'object') return null;
    const id: unknown = Reflect.get(value, 'id');
    const others = Reflect.get(value, 'others') === true;
    if (others) return { id: '', others };
    return typeof id === 'string' && id !== '' ? { id, others } : null;
  } catch {
    return null;
  }
}

function json(body: object): Answer {
  const fields = ['content-type', 'application/json', 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  return { status: 200, fields, body: JSON.stringify(body) };
}
