import { labelOf } from '../guard/session-label.ts';
import { createHash } from 'node:crypto';
import type { Decision } from '../guard/decision.ts';
import type { SessionDesk, SessionFacts } from '../guard/session-desk.ts';
import type { EnteredSession } from '../guard/siblings.ts';
import type { SessionRef, State } from '../guard/state.ts';
import { type Subject, subjectName } from '../guard/subject.ts';
import { type Family, familyOf } from '../lib/agent.ts';

const MOST_SESSIONS = 10_000;

export interface SessionBook extends SessionDesk {
  /** For the second door. */
  entered(session: EnteredSession): void;
  /** For every decision. */
  seen(decision: Decision): void;
}

export interface SessionBookParts {
  readonly state: Pick<State, 'revoke'>;
  /** Removes the login of a session, by its hash (records). */
  readonly removeLogin: (sessionHash: string) => Promise<unknown>;
  readonly wall: () => number;
  /** Milliseconds for which a session's cookie may live. */
  readonly life: () => number;
}

/** What is known of one session. The id never leaves this book. */
interface Entry {
  readonly id: string;
  ref: SessionRef;
  readonly created: number;
  lastSeen: number;
  client: string;
  /** Who was logged in at the last call; null while nobody was. */
  subject: Subject | null;
  readonly family: Family;
  prefix: string;
}

/** Which browser sessions there are, in this process's memory: the latest that entered. */
export function createSessionBook({ state, removeLogin, wall, life }: SessionBookParts): SessionBook {
  const entries = new Map<string, Entry>();

  /** Whoever entered last stands last: a page that is open enters every eight minutes, so the idlest makes room. */
  const put = (label: string, entry: Entry): void => {
    entries.delete(label);
    entries.set(label, entry);
    if (entries.size <= MOST_SESSIONS) return;
    for (const oldest of entries.keys()) {
      entries.delete(oldest);
      return;
    }
  };

  const end = async (label: string, entry: Entry): Promise<void> => {
    await state.revoke(entry.ref, wall() + life(), 'ended');
    await removeLogin(createHash('sha256').update(entry.id).digest('base64url'));
    // Only now: where records took no write its login stands elsewhere, and it can be ended once more.
    entries.delete(label);
  };

  return {
    entered({ id, ref, created, client, prefix, userAgent }) {
      const known = entries.get(labelOf(id));
      const family = familyOf(userAgent);
      const facts = { id, ref, client, prefix, family, lastSeen: wall() };
      put(labelOf(id), { ...facts, created: created * 1000, subject: known?.subject ?? null });
    },
    seen({ session, subject, prefix }) {
      const entry = session === '' ? undefined : entries.get(session);
      if (entry === undefined) return;
      entry.lastSeen = wall();
      entry.prefix = prefix;
      if (subject !== null) entry.subject = subject;
    },
    list: () =>
      [...entries].map(([label, entry]) => toFacts(label, entry)).sort((one, other) => other.lastSeen - one.lastSeen),
    async revoke(label) {
      const entry = entries.get(label);
      if (entry === undefined) return null;
      const facts = toFacts(label, entry);
      await end(label, entry);
      return facts;
    },
    async revokeAll() {
      const all = [...entries];
      for (const [label, entry] of all) await end(label, entry);
      return all.length;
    },
  };
}

function toFacts(label: string, { created, lastSeen, client, subject, family, prefix }: Entry): SessionFacts {
  const name = subject === null ? '' : subjectName(subject);
  return { label, created, lastSeen, client, subject: name, family, prefix };
}
