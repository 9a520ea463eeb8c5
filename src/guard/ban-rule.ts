import { createGenerations } from '../lib/generations.ts';
import type { BanRule } from './config-bans.ts';
import type { Ban } from './records.ts';

/** A ban as a rule makes it. */
export type NewBan = Pick<Ban, 'kind' | 'value' | 'reason' | 'by' | 'until'>;

/** One call that failed and was signed by whoever is named. */
export interface Failure {
  readonly kind: 'session' | 'key';
  /** Label of the session, or public id of the key. */
  readonly holder: string;
  /** What makes this call the one that it is: of two with the same one counts. */
  readonly proof: string;
  /** `source:id`; '' for nobody. */
  readonly subject: string;
  readonly prefix: string;
  /** The code, or `decoy`. */
  readonly what: string;
}

export interface BanRuleParts {
  /** Of now; null for none. */
  readonly rule: () => BanRule | null;
  readonly wall: () => number;
  readonly monotonic: () => number;
  readonly ban: (ban: NewBan) => void;
}

/** The first ban is as short as a slip deserves: nobody is shut out for longer by a first failure. */
const FIRST_MS = 60_000;
const TIMES = 4;
/** Distinct sessions of one user, or of one prefix, that were banned before that is. */
const SESSIONS = 3;
const DAY = 86_400_000;
const SOON = 600_000;
const REMEMBERED = 10_000;

interface Holder {
  readonly proofs: Map<string, number>;
}

export interface FailureWatch {
  failed(failure: Failure): void;
  /** One that another guard saw: it counts here as well, and who saw it makes the ban. */
  learn(failure: Failure): void;
}

/**
 * Bans that come of themselves: a session or key that failed often in a while; its user, once three sessions of theirs were
 * banned in a day; and last, where that is asked for, the door to new sessions from a prefix of which three were in ten minutes.
 */
export function watchFailures({ rule, wall, monotonic, ban }: BanRuleParts): FailureWatch {
  const holders = createGenerations<Holder>(REMEMBERED);
  const offences = createGenerations<{ count: number; at: number }>(REMEMBERED);
  const banned = createGenerations<Map<string, number>>(REMEMBERED);

  /** How often a session or key failed lately, this time included. Of one that fails very often the latest are known. */
  const countOf = ({ kind, holder, proof }: Failure, { after, within }: BanRule): number => {
    const name = `${kind} ${holder}`;
    const known = holders.get(name) ?? { proofs: new Map() };
    const now = monotonic();
    for (const [old, at] of known.proofs) if (now - at > within) known.proofs.delete(old);
    if (!known.proofs.has(proof)) known.proofs.set(proof, now);
    holders.set(name, known);
    if (known.proofs.size < after) return known.proofs.size;
    holders.delete(name);
    return after;
  };
  const lengthOf = (name: string, longest: number): number => {
    const [now, known] = [monotonic(), offences.get(name)];
    const count = known === undefined || now - known.at > DAY ? 0 : known.count;
    offences.set(name, { count: count + 1, at: now });
    return Math.min(longest, FIRST_MS * TIMES ** Math.min(count, 12));
  };
  /** Whether this is the third of different ones in a span. */
  const isThird = (name: string, holder: string, span: number): boolean => {
    const now = monotonic();
    const seen = banned.get(name) ?? new Map<string, number>();
    for (const [old, at] of seen) if (now - at > span) seen.delete(old);
    seen.set(holder, now);
    banned.set(name, seen);
    if (seen.size < SESSIONS) return false;
    banned.delete(name);
    return true;
  };
  const count = (failure: Failure, impose: Impose): void => {
    const now = rule();
    if (now === null || countOf(failure, now) < now.after) return;
    const { kind, holder, what, subject, prefix } = failure;
    impose(
      kind,
      holder,
      `${now.after} failed calls in ${now.within / 1000} s, the last ${what}`,
      lengthOf(`${kind} ${holder}`, now.longest),
    );
    if (kind !== 'session') return;
    if (subject !== '' && isThird(`subject ${subject}`, holder, DAY))
      impose('subject', subject, `${SESSIONS} sessions banned in a day`, lengthOf(`subject ${subject}`, now.longest));
    if (now.prefix > 0 && isThird(`prefix ${prefix}`, holder, SOON))
      impose('prefix', prefix, `${SESSIONS} sessions banned in ten minutes; no new ones`, now.prefix);
  };

  return {
    failed: (failure) =>
      count(failure, (kind, value, reason, milliseconds) =>
        ban({ kind, value, reason, by: 'rule: bans', until: wall() + milliseconds }),
      ),
    learn: (failure) => count(failure, () => {}),
  };
}

type Impose = (kind: NewBan['kind'], value: string, reason: string, milliseconds: number) => void;
