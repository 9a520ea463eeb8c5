import type { EntryClaim } from './state.ts';

type CrowdClaim = Pick<EntryClaim, 'crowdWorth' | 'mintsPerMinute'>;

/**
 * Sessions that one network opened beyond what it may (`EntryClaim.crowd`). Each counts for itself, and all of one network count
 * together as well: as so many sessions as the network may open in a minute.
 */

/** For sessions that count for themselves alone. */
export const NO_CROWD = '';

const MOST_WORTH = 2 ** 20;

/** Names a network's crowd, with what it is worth. */
export const crowdNamed = (prefix: string, { crowdWorth, mintsPerMinute }: CrowdClaim): string =>
  `${Math.min(Math.max(1, Math.floor(crowdWorth ?? mintsPerMinute)), MOST_WORTH)} ${prefix}`;

/** Sessions that a crowd is worth. */
export const worthOf = (crowd: string): number => Number.parseInt(crowd, 10);

/** As whom it pays. */
export const payerOfCrowd = (crowd: string): string => `crowd ${crowd}`;
