import type { Seeded } from '../../../src/behaviour/seeded.ts';
import { createDice, type Dice } from './dice.ts';
import type { Told } from './hands.ts';

/** One call of a made-up session, in seconds since it began. */
export interface MadeCall {
  readonly at: number;
  readonly route: string;
  readonly target: string;
  readonly status: number;
}

/** A session that somebody or something made. */
export interface MadeSession {
  readonly kind: string;
  readonly calls: readonly MadeCall[];
  /** What its page told of hands; absent where it told nothing. */
  readonly told?: readonly Told[];
}

/**
 * People at the demo app (examples/posts), made up: what its pages call when somebody reads, searches, asks, orders a print or
 * writes, with the pauses of people. The figures are assumptions, and docs/behaviour.md says so.
 */
export interface PersonKind {
  readonly name: string;
  /** Of a hundred people. */
  readonly share: number;
  /** Seconds between two things they do: the middle of a log-normal, and its spread. */
  readonly pause: number;
  readonly spread: number;
  /** Things they do: the middle, and its spread. */
  readonly things: number;
  readonly thingsSpread: number;
  readonly does: Readonly<Partial<Record<Thing, number>>>;
}

type Thing = 'read' | 'next' | 'list' | 'search' | 'ask' | 'print' | 'write' | 'reload';

export const PEOPLE: readonly PersonKind[] = [
  person('reader', 55, { pause: 9, things: 9, does: { read: 10, list: 5, search: 1 } }),
  person('searcher', 14, { pause: 7, things: 11, does: { search: 6, read: 5, list: 1 } }),
  person('asker', 8, { pause: 14, things: 7, does: { ask: 5, read: 3, list: 1 } }),
  person('buyer', 6, { pause: 11, things: 8, does: { read: 4, print: 3, list: 1 } }),
  person('writer', 6, { pause: 25, things: 9, does: { write: 4, read: 4, list: 3 } }),
  // By keyboard, by ear, with rests: slow, and few calls for each thing.
  person('slow', 6, { pause: 35, things: 8, does: { read: 6, list: 3, search: 1 } }),
  person('quick', 5, { pause: 2.5, things: 26, does: { read: 12, list: 5, search: 4 } }),
];

/** People of kinds that are not among those who teach: whoever uses an app in a way of their own. */
export const STRANGERS: readonly (PersonKind & { readonly what: string })[] = [
  {
    ...person('binger', 0, { pause: 5, things: 60, does: { read: 1 } }),
    what: 'reads one post after another, some sixty',
  },
  {
    ...person('moderator', 0, { pause: 6, things: 40, does: { read: 3, search: 2, list: 2 } }),
    what: 'looks through lists, searches and posts, some forty times',
  },
  { ...person('publisher', 0, { pause: 15, things: 25, does: { write: 1 } }), what: 'writes some twenty-five posts' },
  {
    ...person('asker alone', 0, { pause: 20, things: 25, does: { ask: 1 } }),
    what: 'does nothing but ask the assistant',
  },
  {
    ...person('orderly', 0, { pause: 12, things: 20, does: { next: 1 } }),
    what: 'reads the posts in their order, one after another, some twenty',
  },
  {
    ...person('resting', 0, { pause: 90, things: 8, does: { read: 3, list: 2 } }),
    what: 'goes by keyboard, with rests',
  },
];

function person(name: string, share: number, rest: Pick<PersonKind, 'pause' | 'things' | 'does'>): PersonKind {
  return { name, share, spread: 0.9, thingsSpread: 0.7, ...rest };
}

/** How the app is built: what a release changes. */
export interface Release {
  /** What the page calls when a post is opened. */
  readonly opened: readonly string[];
  /** Where the list comes from. */
  readonly list: string;
  /** Calls that the page makes by itself every two seconds, for two minutes at most; absent for none. */
  readonly polls?: string;
}

export const FIRST_RELEASE: Release = { opened: ['GET /api/posts/:id'], list: 'GET /api/posts' };
/** Comments come with each post now, and the list is another route. */
export const NEXT_RELEASE: Release = {
  opened: ['GET /api/posts/:id', 'GET /api/posts/:id/comments', 'GET /api/authors/:id'],
  list: 'GET /api/v2/feed',
};

/** The page asks by itself whether there is anything new. */
export const POLLING_RELEASE: Release = { ...FIRST_RELEASE, polls: 'GET /api/news' };
const POLL_SECONDS = 2;
const MOST_POLLS = 60;

/** One person's session. */
export function makePerson(random: Seeded, release: Release = FIRST_RELEASE, kind = kindOf(random)): MadeSession {
  const dice = createDice(random);
  const calls: MadeCall[] = [];
  // Everybody has a pace of their own.
  const own = dice.logNormal(1, 0.35);
  let at = 0;
  const call = (route: string, target: string): void => {
    calls.push({ at, route, target, status: dice.chance(0.012) ? 404 : 200 });
    at += dice.logNormal(0.03, 0.8);
  };
  const page = { call, dice, release, next: 1 + dice.zipf(POSTS) };
  start(page);
  const things = Math.max(1, Math.round(dice.logNormal(kind.things, kind.thingsSpread)));
  for (let done = 0; done < things; done += 1) {
    at += dice.logNormal(kind.pause * own, kind.spread);
    // Somebody gets a coffee.
    if (dice.chance(0.02)) at += dice.logNormal(120, 0.6);
    DO[dice.pick(kind.does)](page);
  }
  for (let poll = 1; release.polls !== undefined && poll <= Math.min(MOST_POLLS, at / POLL_SECONDS); poll += 1)
    calls.push({ at: poll * POLL_SECONDS, route: release.polls, target: release.polls.slice(4), status: 200 });
  return { kind: kind.name, calls: calls.toSorted((one, other) => one.at - other.at) };
}

interface Page {
  readonly call: (route: string, target: string) => void;
  readonly dice: Dice;
  readonly release: Release;
  /** The post that somebody who goes by their order opens next. */
  next: number;
}

const POSTS = 400;

function start({ call, release, dice }: Page): void {
  call(release.list, list(release, 0));
  call('GET /api/feed', '/api/feed');
  if (dice.chance(0.3)) call('GET /api/chat', '/api/chat');
}

const list = ({ list: route }: Release, page: number): string =>
  `${route.slice('GET '.length)}${page === 0 ? '' : `?page=${page}`}`;

function open({ call, release }: Page, id: number): void {
  for (const route of release.opened) call(route, route.slice(4).replace(':id', `${id}`));
}

const DO: Readonly<Record<Thing, (page: Page) => void>> = {
  read(page) {
    open(page, 1 + page.dice.zipf(POSTS));
  },
  next(page) {
    open(page, page.next);
    page.next += 1;
  },
  list: ({ call, dice, release }) => call(release.list, list(release, dice.zipf(6))),
  search: ({ call, dice }) => call('GET /api/search', `/api/search?q=${WORDS[dice.zipf(WORDS.length)]}`),
  ask: ({ call }) => call('POST /api/ask', '/api/ask'),
  print({ call, dice }) {
    call('POST /api/prints', '/api/prints');
    if (dice.chance(0.5)) call('POST /api/prints/order', '/api/prints/order');
  },
  write({ call, dice }) {
    call('POST /api/posts', '/api/posts');
    if (dice.chance(0.4)) call('PUT /api/posts/:id/image', `/api/posts/${POSTS + dice.zipf(40)}/image`);
    call('GET /api/posts', '/api/posts');
  },
  reload: start,
};

const WORDS = 'bread salt flour yeast water rye oven crust crumb seed oat malt honey butter sour dough'.split(' ');

function kindOf(random: Seeded): PersonKind {
  const shares = Object.fromEntries(PEOPLE.map(({ name, share }) => [name, share]));
  const name = createDice(random).pick(shares);
  return PEOPLE.find((kind) => kind.name === name) ?? (PEOPLE[0] as PersonKind);
}
