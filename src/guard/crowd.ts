/**
 * Sessions that one network opened beyond what it may (`EntryClaim.crowd`). Each counts for itself, and all of one network count
 * together as well: as so many sessions as the network may open in a minute.
 */

/** For sessions that count for themselves alone. */
export const NO_CROWD = '';

const MOST_WORTH = 2 ** 20;

/** Names a network's crowd, with what it is worth. */
export const crowdNamed = (prefix: string, mintsPerMinute: number): string =>
  `${Math.min(Math.max(1, Math.floor(mintsPerMinute)), MOST_WORTH)} ${prefix}`;

/** Sessions that a crowd is worth. */
export const worthOf = (crowd: string): number => Number.parseInt(crowd, 10);

/** The network that it is of. */
export const networkOf = (crowd: string): string => crowd.slice(crowd.indexOf(' ') + 1);

/**
 * As whom it pays: as its network, whatever it is worth. A page that shows less of its load has a smaller allowance, and no
 * second crowd beside the one of its neighbours.
 */
export const payerOfCrowd = (crowd: string): string => `crowd ${networkOf(crowd)}`;
