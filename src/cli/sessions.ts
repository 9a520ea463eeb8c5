import type { SessionBanned, SessionPage } from '../gateway/sessions-admin.ts';
import type { SessionFacts } from '../guard/session-desk.ts';
import { EXIT, type GateFlags, type Io, present } from './command.ts';
import { ask, orRefused, theGate } from './gates.ts';
import { count, type Paint, shown, table } from './terminal.ts';

export interface SessionListFlags extends GateFlags {
  subject?: string;
}

export interface SessionRevokeFlags extends GateFlags {
  all?: boolean;
}

export interface SessionBanFlags extends GateFlags {
  reason?: string;
  /** Seconds. */
  for?: number;
}

/** `sallyport sessions`: those that entered since the gate started. */
export async function listSessions(flags: SessionListFlags, io: Io): Promise<number> {
  const query = flags.subject === undefined ? '' : `?${new URLSearchParams({ subject: flags.subject })}`;
  const page = await ask<SessionPage>(await theGate(flags), 'GET', `/sessions${query}`);
  present(io, page, (report) => formatSessions(report, io.terminal.paint));
  return EXIT.ok;
}

export function formatSessions({ sessions, more }: SessionPage, paint: Paint): string {
  if (sessions.length === 0) return 'No session has entered since the gate started.';
  const rows = sessions.map(({ label, client, subject, family, prefix, created, lastSeen }) => [
    label,
    subject === '' ? '-' : shown(subject),
    client,
    family,
    prefix,
    `since ${time(created)}`,
    `seen ${time(lastSeen)}`,
  ]);
  return `${paint.strong('Sessions')}\n${table(rows)}${more ? '\n  There are more than these.' : ''}`;
}

/** `sallyport sessions revoke LABEL`, or `--all`. Exits 1 where there is no such session. */
export async function revokeSession(label: string | undefined, flags: SessionRevokeFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    if (flags.all === true) {
      const done = await ask<{ ended: number }>(gate, 'POST', '/sessions/revoke-all');
      present(io, done, ({ ended }) => `${count(ended, 'session')} ended; pages enter again as new ones.`);
      return;
    }
    const ended = await ask<SessionFacts>(gate, 'POST', '/sessions/revoke', { label: label ?? '' });
    present(io, ended, (session) => `Session ${session.label} has ended; its page enters again as a new one.`);
  });
}

/** `sallyport sessions ban LABEL`. */
export async function banSession(label: string, flags: SessionBanFlags, io: Io): Promise<number> {
  const gate = await theGate(flags);
  return orRefused(io, async () => {
    const body = { label, reason: flags.reason ?? '', seconds: flags.for ?? 0 };
    const banned = await ask<SessionBanned>(gate, 'POST', '/sessions/ban', body);
    present(io, banned, ({ ban, until }) => {
      const end = until === 0 ? `until \`sallyport bans lift ${ban}\`` : `until ${time(until)}`;
      return `Session ${label} is banned ${end}: it enters no more while its cookie comes along.`;
    });
  });
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ');
