import { createSeeded, type Seeded } from '../../behaviour/seeded.ts';
import { LIST, PAGE_OF_IDS, STEP, thing } from './rule-sets.ts';

/** What somebody does at the shop: what its page calls, and the seconds of pause before. */
export interface Deed {
  readonly pause: number;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly at: string;
}

/** Things that somebody looks at in one visit: the middle, and how far the logarithms spread. */
const THINGS = { middle: 9, spread: 0.7 } as const;
/** Seconds between two of them, and how much faster or slower somebody is all the time. */
const PAUSE = { middle: 9, spread: 0.9, own: 0.35 } as const;
/** Somebody is called away. */
const AWAY = { share: 0.02, middle: 120, spread: 0.6 } as const;
/** Of what is done, so much is turning to another page of the list. */
const TURNING = 0.3;
const MOST_PAGES = 6;

/**
 * Visits of people who look for things at the shop, made up: lists, and what is on them, with the pauses of people. The figures
 * are assumptions, and docs/lab.md says so.
 *
 * @param starts whether the shop asks for a step before each thing
 */
export function createPeople(seed: number, starts: boolean): () => readonly Deed[] {
  const random = createSeeded(seed);
  return () => visit(random, starts);
}

function visit(random: Seeded, starts: boolean): Deed[] {
  const own = logNormal(random, 1, PAUSE.own);
  const pause = (): number =>
    own * logNormal(random, PAUSE.middle, PAUSE.spread) +
    (random.next() < AWAY.share ? logNormal(random, AWAY.middle, AWAY.spread) : 0);
  let page = 0;
  const deeds: Deed[] = [{ pause: 0, method: 'GET', at: list(page) }];
  const things = Math.max(1, Math.round(logNormal(random, THINGS.middle, THINGS.spread)));
  for (let seen = 0; seen < things; seen += 1) {
    if (random.next() < TURNING) {
      page = Math.floor(random.next() * MOST_PAGES);
      deeds.push({ pause: pause(), method: 'GET', at: list(page) });
    }
    if (starts) deeds.push({ pause: pause(), method: 'POST', at: STEP });
    const id = page * PAGE_OF_IDS + Math.floor(random.next() * PAGE_OF_IDS);
    deeds.push({ pause: pause(), method: 'GET', at: thing(id) });
  }
  return deeds;
}

const list = (page: number): string => (page === 0 ? LIST : `${LIST}?page=${page}`);

const logNormal = ({ next }: Seeded, middle: number, spread: number): number =>
  middle * Math.exp(spread * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
