/** First wait after a failure. Let's Encrypt lets five validations of a name fail in an hour: this tries four times. */
const FIRST_MS = 5 * 60_000;
const LONGEST_MS = 12 * 3_600_000;
/** Nobody is asked to wait longer: a later time was written while the clock was ahead. */
const LONGEST_ASKED_MS = 7 * 86_400_000;

/** Of a certificate's life, what is left when it is renewed; RFC 8739 and Let's Encrypt advise a third. */
const LAST_PART = 1 / 3;
/** And up to so much of its life earlier, so that gates which began together do not all ask at once. */
const JITTER = 1 / 50;

/** What has been tried in vain since the last success. Kept on the disk: a process that starts anew again and again must not ask each time. */
export interface Failures {
  readonly count: number;
  /** Unix milliseconds before which nothing is to be tried. */
  readonly until: number;
}

export const NO_FAILURES: Failures = { count: 0, until: 0 };

/**
 * @param asked milliseconds that the authority asks to wait; 0 where it does not say
 * @param random 0 to 1
 */
export function afterFailure({ count }: Failures, now: number, asked: number, random: number): Failures {
  const doubled = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(count, 20));
  return { count: count + 1, until: now + Math.min(LONGEST_ASKED_MS, Math.max(asked, doubled * (1 + random / 5))) };
}

/** Which of two to wait by. One that was written by a clock that was ahead would be waited for until that time. */
export function laterOf(one: Failures, other: Failures, now: number): Failures {
  const [later, earlier] = one.until > other.until ? [one, other] : [other, one];
  if (later.until <= now + LONGEST_ASKED_MS) return later;
  return earlier.until <= now + LONGEST_ASKED_MS ? earlier : { count: later.count, until: 0 };
}

/** When to renew a certificate that begins and ends then, in Unix milliseconds. */
export function renewalOf(begins: number, ends: number, random: number): number {
  const life = ends - begins;
  return ends - life * (LAST_PART + JITTER * random);
}
