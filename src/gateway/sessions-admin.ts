import type { Records } from '../guard/records.ts';
import type { Eventually } from '../lib/eventually.ts';
import type { SessionDesk, SessionFacts } from '../guard/session-desk.ts';
import { AdminRefusal, type AdminRoute, type AdminSwitch } from './admin-route.ts';
import { ADMIN } from './records-admin.ts';

/** What `GET /sessions` answers. */
export interface SessionPage {
  /** Latest seen first. */
  readonly sessions: readonly SessionFacts[];
  /** There are more than these. */
  readonly more: boolean;
}

/** What `POST /sessions/ban` answers. */
export interface SessionBanned {
  readonly session: SessionFacts | null;
  /** Id of the ban: `sallyport bans lift ID`. */
  readonly ban: string;
  readonly until: number;
}

const MOST_SHOWN = 500;

/** A desk that may have to ask others first. */
export type AnyDesk = Omit<SessionDesk, 'list'> & { list(): Eventually<readonly SessionFacts[]> };

/** Administration of browser sessions. */
export function sessionsRoutes(
  desk: () => AnyDesk | null,
  open: () => Promise<Records>,
  now: () => number,
): AdminRoute[] {
  const sessions = (): AnyDesk => {
    const found = desk();
    if (found === null) throw new AdminRefusal('this gate keeps no book of its sessions');
    return found;
  };
  return [
    {
      method: 'GET',
      path: '/sessions',
      async look({ query }): Promise<SessionPage> {
        const subject = query.get('subject');
        const all = await sessions().list();
        const fitting = subject === null ? all : all.filter((session) => session.subject === subject);
        return { sessions: fitting.slice(0, MOST_SHOWN), more: fitting.length > MOST_SHOWN };
      },
    },
    {
      method: 'POST',
      path: '/sessions/revoke',
      action: 'session.revoke',
      async act(call) {
        const label = labelOf(call);
        const ended = await sessions().revoke(label);
        if (ended === null) throw new AdminRefusal(unknown(label));
        return ended;
      },
    },
    {
      method: 'POST',
      path: '/sessions/revoke-all',
      action: 'session.revoke-all',
      async act({ about }) {
        about('', 'all sessions');
        return { ended: await sessions().revokeAll() };
      },
    },
    {
      method: 'POST',
      path: '/sessions/ban',
      action: 'session.ban',
      async act(call): Promise<SessionBanned> {
        const label = labelOf(call);
        const { reason = '', seconds = 0 } = call.body;
        if (typeof reason !== 'string' || reason.length > 500) throw new AdminRefusal('a reason has 500 characters');
        if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds < 0) {
          throw new AdminRefusal('seconds must be a whole number, 0 for no end');
        }
        const until = seconds === 0 ? 0 : now() + seconds * 1000;
        const { bans } = await open();
        const ban = await bans.add({ kind: 'session', value: label, reason, by: ADMIN, until });
        // What it does not know here it keeps out when its cookie comes to enter again.
        return { session: await sessions().revoke(label), ban: ban.id, until };
      },
    },
  ];
}

function labelOf({ body: { label }, about }: AdminSwitch): string {
  if (typeof label !== 'string' || !/^[\w-]{11}$/.test(label)) {
    throw new AdminRefusal('name a session by the 11 characters that `sallyport sessions`, `why` and the log show');
  }
  about(label, '');
  return label;
}

const unknown = (label: string): string =>
  `no session ${label} has entered since the gate started; \`sallyport sessions ban ${label}\` keeps it from entering again`;
