import { textLiteral } from './literal.ts';
import type { Voices } from './voices.ts';

/** What few people did, and what became of it, in words for whoever reads a proposal. */
export interface Remarks {
  /** Would be refused. @param by who did so */
  leftOut(what: string, by: Pick<Voices, 'first' | 'sessions'>): void;
  /** Would be let through. */
  taken(what: string, sessions: number): void;
  /** Would be let through, and whatever else comes in its place. */
  open(what: string, sessions: number): void;
  /** Of how many something is left out; more than were kept of each count as so many. */
  readonly voices: number;
  text(): string;
}

interface Remark {
  readonly what: string;
  readonly sessions: number;
}

const MOST_SAID = 6;
const LONGEST = 80;
const EXACT = 10;

export function createRemarks(): Remarks {
  const left: Remark[] = [];
  const taken: Remark[] = [];
  const open: Remark[] = [];
  const voices = new Set<string>();
  return {
    leftOut(what, { first, sessions }) {
      left.push({ what, sessions });
      for (const voice of first) voices.add(voice);
    },
    taken: (what, sessions) => taken.push({ what, sessions }),
    open: (what, sessions) => open.push({ what, sessions }),
    get voices() {
      return voices.size;
    },
    text: () =>
      [
        said('left out', left),
        said('taken in though few do so, and to be taken out where no page does', taken),
        said('left open for what too few sent to tell', open),
      ]
        .filter((part) => part !== '')
        .join('; '),
  };
}

function said(what: string, all: readonly Remark[]): string {
  if (all.length === 0) return '';
  const named = all
    .toSorted((a, b) => a.sessions - b.sessions)
    .slice(0, MOST_SAID)
    .map((one) => `${shownOf(one.what)} (${sessionsOf(one)})`);
  const more = all.length > MOST_SAID ? [`${all.length - MOST_SAID} more`] : [];
  return `${what}: ${[...named, ...more].join(', ')}`;
}

/** Many are estimated. */
const sessionsOf = ({ sessions }: Remark): string =>
  sessions === 1 ? '1 session' : `${sessions > EXACT ? 'about ' : ''}${sessions} sessions`;

/** Names come from requests: what ends a line or shows as nothing would end the comment that they stand in. */
const shownOf = (what: string): string =>
  textLiteral(what.length > LONGEST ? `${what.slice(0, LONGEST)}…` : what).slice(1, -1);
