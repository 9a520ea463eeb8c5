import { subjectName, type Subject } from '../../guard/subject.ts';
import type { Records } from '../../guard/records.ts';
import type { Clock } from '../../lib/clock.ts';

/** Whether somebody whose token holds has been blocked since, or the token itself revoked. */
export interface Standing {
  /** Changes with every block and ban: what was asked before it has to be asked again. */
  readonly epoch: number;
  /** False while memory may have missed what another process decided. */
  isCurrent(): boolean;
  /** Whether nothing was decided against them. Rejects where records cannot be reached. */
  isGood(subject: Subject, jti: string): Promise<boolean>;
  close(): void;
}

type Asked = Pick<Records, 'kind' | 'users' | 'bans' | 'onChange' | 'lag'>;

/** As for logins: beyond, records are asked again. */
const MOST_LAG_MS = 5_000;

export function createStanding(records: Asked, clock: Clock): Standing {
  let epoch = 0;
  /** Of this epoch: what is banned, until when (0: until it is lifted). */
  let banned: Promise<ReadonlyMap<string, number>> | null = null;
  const stop = records.onChange(({ kind, ref }) => {
    const ours = kind === 'ban' || kind === 'all' || (kind === 'user' && ref.startsWith('jwt'));
    if (!ours) return;
    epoch++;
    banned = null;
  });

  // Nobody else writes to this process's memory.
  const isCurrent = (): boolean => records.kind === 'memory' || records.lag() <= MOST_LAG_MS;

  function bans(): Promise<ReadonlyMap<string, number>> {
    if (banned !== null && isCurrent()) return banned;
    const asked = records.bans.active().then((active) => {
      const subjects = active.filter(({ kind }) => kind === 'subject');
      return new Map(subjects.map(({ value, until }) => [value, until]));
    });
    banned = asked;
    asked.catch(() => {
      if (banned === asked) banned = null;
    });
    return asked;
  }

  return {
    get epoch() {
      return epoch;
    },
    isCurrent,
    async isGood(subject, jti) {
      const [list, user] = await Promise.all([bans(), records.users.get(subject.source, subject.id)]);
      const holds = (value: string): boolean => {
        const until = list.get(value);
        return until !== undefined && (until === 0 || until > clock.wall());
      };
      const isRevoked = jti !== '' && holds(revokedName(subject.source, jti));
      return user?.blocked !== true && !holds(subjectName(subject)) && !isRevoked;
    },
    close: stop,
  };
}

/** What a ban of kind `subject` calls a single token: `jwt#token:<jti>`, by its issuer's source. */
export const revokedName = (source: string, jti: string): string => `${source}#token:${jti}`;

/**
 * Revokes one token for good: on this process at once, on others within the bounds of {@link Records.onChange}.
 * Rejects with RecordsError. Everything of one person is revoked by blocking them (`records.users.set`).
 */
export async function revokeToken(
  records: Pick<Records, 'bans'>,
  token: { readonly source: string; readonly jti: string; readonly until: number },
  by: string,
): Promise<void> {
  const value = revokedName(token.source, token.jti);
  await records.bans.add({ kind: 'subject', value, reason: 'token revoked', by, until: token.until });
}
