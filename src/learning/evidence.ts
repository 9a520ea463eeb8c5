import type { LearnedRoute, ServedFlow } from './learn.ts';
import type { LearnedLimit } from './limits.ts';

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

export function servedEvidence({ uses, given, linked, sessions, left }: ServedFlow): string {
  const byPage = linked === 0 ? '' : `, ${counted(linked)} named by the page’s address`;
  const without = left === 0 ? '' : `; without ${plural(left, 'session')} that use ids of their own`;
  return `${counted(given)} of ${plural(uses, 'id')} in ${plural(sessions, 'session')} had been given${byPage}${without}`;
}
