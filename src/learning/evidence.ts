import type { LearnedRoute, ServedFlow } from './learn.ts';
import type { LearnedLimit } from './limits.ts';
import { type LearnedQuery, MOST_COUNTED } from './queries.ts';
import type { LearnedBody } from './schemas.ts';
import type { LearnedSpan } from './spans.ts';

/** What lines of a proposal rest on, in words. */

/** `1,204` */
export const counted = (number: number): string => Math.round(number).toLocaleString('en');

export const percent = (share: number): string => `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;

const plural = (number: number, noun: string): string =>
  `${counted(number)} ${noun}${Math.round(number) === 1 ? '' : 's'}`;

const times = (number: number): string => (number === 1 ? 'once' : `${counted(number)} times`);

export function routeEvidence({ sessions, networks, calls }: LearnedRoute, all: number): string {
  const from = networks > 1 ? ` from ${plural(networks, 'network')}` : '';
  return `${plural(calls, 'call')}; in ${counted(sessions)} of ${plural(all, 'session')}${from}`;
}

export const limitEvidence = ({ usual, upper, support }: LearnedLimit): string =>
  `85 of 100 sessions call it at most ${times(usual)} in any minute (${times(upper)} with what ${plural(support, 'session')} leave uncertain)`;

export function afterEvidence({ after }: LearnedRoute): string {
  if (after === null) return '';
  return `in ${counted(after.kept)} of ${plural(after.sessions, 'session')}: at least ${percent(after.lower)} (95 % Wilson)`;
}

export const bodyEvidence = ({ bodies, sessions }: LearnedBody): string =>
  `${counted(bodies)} ${bodies === 1 ? 'body' : 'bodies'} of about ${plural(sessions, 'session')}`;

export function queryEvidence({ calls, sessions, listed }: LearnedQuery): string {
  const values = listed.map(
    ({ name, sessions: by }) => `${name} has no other values, each in ${counted(by)} sessions or more`,
  );
  return [
    `queries of ${plural(calls, 'call')} in ${plural(sessions, 'session')}${sessions < MOST_COUNTED ? '' : ' or more'}`,
    ...values,
  ].join('; ');
}

/** Times are told roughly: they are of what people do. */
export function spanEvidence(name: 'notBefore' | 'within', { usual, sessions, kept }: LearnedSpan): string {
  const [least, what] = name === 'notBefore' ? ['at least', 'waited that long'] : ['at most', 'came by then'];
  return `85 of 100 sessions take ${least} ${spoken(usual)} from there; ${counted(kept)} of ${plural(sessions, 'session')} ${what}`;
}

function spoken(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export function servedEvidence({ uses, given, linked, sessions, left }: ServedFlow): string {
  const byPage = linked === 0 ? '' : `, ${counted(linked)} named by the page’s address`;
  const without = left === 0 ? '' : `; without ${plural(left, 'session')} that use ids of their own`;
  return `${counted(given)} of ${plural(uses, 'id')} in ${plural(sessions, 'session')} had been given${byPage}${without}`;
}
