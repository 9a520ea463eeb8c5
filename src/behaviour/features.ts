import { ADDRESS_BITS, B, D, F, PATH_LENGTH, type SessionTable, U } from './session-table.ts';
import { MOST_SURPRISE, START, type Transitions } from './transitions.ts';

/** What kind of reason a feature is: of each kind the strongest one counts, so that one habit is not counted three times. */
export type FeatureKind = 'time' | 'errors' | 'amount' | 'doing' | 'addresses' | 'hands';

/**
 * One thing that is looked at. `read` answers 0 to 1, and more is always what a program would have more of: where less is
 * unusual it is turned round, so that who is slow, reads little or goes by keyboard stands at the harmless end.
 */
export interface Feature {
  readonly name: string;
  readonly kind: FeatureKind;
  /** What is said of a session in which it is unusual. */
  readonly words: string;
  /** Differences under this say nothing: they come of counting a few calls. */
  readonly grain: number;
  /** Set where 0 says that there is nothing to compare: such a session is no part of what is usual, and not unusual. */
  readonly silent?: true;
  /**
   * Set where longer sessions have no more of it: how fast and how often in vain somebody calls. What somebody does gets more
   * one-sided the longer it goes on.
   */
  readonly steady?: true;
  read(table: SessionTable, slot: number, about: Surroundings): number;
}

/** What a feature needs that is not in the record. */
export interface Surroundings {
  readonly now: number;
  /** Share of the app's calls that falls into an hour of the day, times 24; 1 for all until a day was seen. */
  hour(now: number): number;
}

/** 0 to 1 for 1 to 2^bits. */
const scaled = (value: number, bits: number): number => Math.min(1, Math.max(0, Math.log2(Math.max(1, value)) / bits));

const word = (table: SessionTable, slot: number, field: number): number => table.words[table.u(slot, field)] as number;
const float = (table: SessionTable, slot: number, field: number): number =>
  table.floats[table.f(slot, field)] as number;
const time = (table: SessionTable, slot: number, field: number): number =>
  table.doubles[table.d(slot, field)] as number;

/** Of the calls; 0 where there are none. One call more smooths what a few would say. */
const share = (table: SessionTable, slot: number, field: number, of: number = U.calls): number =>
  word(table, slot, field) / (word(table, slot, of) + 1);

/** Fewer pauses are even by chance. */
const FEWEST_GAPS = 5;

/** Fewer tell nothing of a hand. */
const FEWEST_OF_HANDS = 12;

/** What the page has told of hands: 0 where it did not, or too little. */
const ofHands = (table: SessionTable, slot: number, counted: number, value: number): number =>
  word(table, slot, counted) < FEWEST_OF_HANDS ? 0 : Math.max(1 / 255, value);

const surpriseShare = (sum: number, moves: number): number => sum / Math.max(1, moves) / MOST_SURPRISE;

/** Straying is about the latest moves: so much each one counts, and so many come before anybody can have strayed. */
const STRAY = 1 / 8;
const STRAY_AFTER = 4;

/** How far a path has strayed after one more move. */
export const strayed = (before: number, surprise: number): number => before * (1 - STRAY) + surprise * STRAY;
export const canStray = (calls: number): boolean => calls > STRAY_AFTER;

/** Of a map of {@link ADDRESS_BITS}. */
function bitsSet(table: SessionTable, slot: number, field: number): number {
  const at = table.b(slot, field);
  let set = 0;
  for (let place = at; place < at + ADDRESS_BITS / 8; place += 1)
    for (let rest = table.bytes[place] as number; rest > 0; rest &= rest - 1) set += 1;
  return set;
}

/** How many addresses there were, by how many bits of the map they have set (linear counting). */
const addressesOf = (bits: number): number =>
  -ADDRESS_BITS * Math.log(1 - Math.min(bits, ADDRESS_BITS - 1) / ADDRESS_BITS);

/** Shares of eight calls differ by an eighth. */
const COARSE = 0.1;
const FINE = 0.03;

/** docs/behaviour.md prints this table; a test holds the two together. */
export const FEATURES: readonly Feature[] = [
  {
    name: 'pace',
    kind: 'time',
    words: 'calls follow each other faster, over its whole time',
    grain: FINE,
    steady: true,
    read(table, slot) {
      const seconds = (time(table, slot, D.last) - time(table, slot, D.first)) / 1000;
      return scaled((word(table, slot, U.calls) * 600) / Math.max(seconds, 5), 16);
    },
  },
  {
    name: 'burst',
    kind: 'time',
    words: 'more calls within ten seconds',
    grain: FINE,
    read: (table, slot) => scaled(word(table, slot, U.peak), 12),
  },
  {
    name: 'evenness',
    kind: 'time',
    words: 'the gaps between its calls are more even',
    grain: FINE,
    silent: true,
    read(table, slot) {
      const gaps = word(table, slot, U.gaps);
      if (gaps < FEWEST_GAPS) return 0;
      return 1 / (1 + Math.sqrt(float(table, slot, F.gapSquares) / gaps));
    },
  },
  {
    name: 'hour',
    kind: 'time',
    words: 'at an hour when hardly anybody uses this app',
    grain: 0.1,
    read: (_table, _slot, { hour, now }) => 1 / (1 + 2 * hour(now)),
  },
  {
    name: 'path',
    kind: 'doing',
    words: 'goes through the app in an order that others do not',
    grain: FINE,
    read: (table, slot) => surpriseShare(float(table, slot, F.surprise), word(table, slot, U.calls)),
  },
  {
    name: 'stray',
    kind: 'doing',
    words: 'left the paths of others for a while',
    grain: FINE,
    read: (table, slot) => float(table, slot, F.worst) / MOST_SURPRISE,
  },
  {
    name: 'narrow',
    kind: 'doing',
    words: 'makes one kind of call over and over',
    grain: COARSE,
    read: (table, slot) => share(table, slot, U.same),
  },
  {
    name: 'wide',
    kind: 'doing',
    words: 'makes more kinds of calls',
    grain: 0.05,
    read: (table, slot) => scaled(bitsSet(table, slot, B.routes), 8),
  },
  {
    name: 'breadth',
    kind: 'addresses',
    words: 'asks for a new address with more of its calls',
    grain: COARSE,
    read: (table, slot) => Math.min(1, addressesOf(bitsSet(table, slot, B.addresses)) / word(table, slot, U.calls)),
  },
  {
    name: 'counting',
    kind: 'addresses',
    words: 'counts through numbers',
    grain: COARSE,
    read: (table, slot) => share(table, slot, U.steps),
  },
  {
    name: 'repeats',
    kind: 'doing',
    words: 'repeats the very same call',
    grain: COARSE,
    read: (table, slot) => share(table, slot, U.repeats),
  },
  {
    name: 'failed',
    kind: 'errors',
    words: 'more of its calls fail at the backend',
    grain: COARSE,
    steady: true,
    read: (table, slot) => share(table, slot, U.failed, U.answered),
  },
  {
    name: 'refused',
    kind: 'errors',
    words: 'more of its calls are refused by the gate',
    grain: COARSE,
    steady: true,
    read: (table, slot) => share(table, slot, U.refused),
  },
  {
    name: 'writes',
    kind: 'doing',
    words: 'more of its calls change something',
    grain: COARSE,
    read: (table, slot) => share(table, slot, U.writes),
  },
  {
    name: 'loads',
    kind: 'amount',
    words: 'loads the page more often',
    grain: 0.1,
    read(table, slot, { now }) {
      const age = now - time(table, slot, D.loadsAt);
      return scaled(1 + float(table, slot, F.loads) * 2 ** -(age / LOADS_HALVED_MS), 7);
    },
  },
  {
    name: 'forged',
    kind: 'hands',
    words: 'more of what a hand does in its page is done by a program',
    grain: COARSE,
    silent: true,
    read: (table, slot) => ofHands(table, slot, U.moments, share(table, slot, U.forged, U.moments)),
  },
  {
    name: 'instant',
    kind: 'hands',
    words: 'more presses of its keys and buttons take no time',
    grain: COARSE,
    silent: true,
    read: (table, slot) => ofHands(table, slot, U.presses, share(table, slot, U.instant, U.presses)),
  },
  {
    name: 'rhythm',
    kind: 'hands',
    words: 'the pauses of its hand are more even',
    grain: FINE,
    silent: true,
    read(table, slot) {
      const spread = Math.sqrt(float(table, slot, F.pauseSquares) / Math.max(1, word(table, slot, U.pauses)));
      return ofHands(table, slot, U.pauses, 1 / (1 + spread));
    },
  },
];

/** Features that every page shows come first; of hands, trees know nothing. */
export const BUT_HANDS = FEATURES.filter(({ kind }) => kind !== 'hands').length;

/** After this time a page load counts half. */
export const LOADS_HALVED_MS = 300_000;

/** The feature that is no byte of the record: how few sessions come as far as this one. */
export const LENGTH = { name: 'length', kind: 'amount', words: 'makes more calls in one page load' } as const;

/** Reads all of them, as 0 to 255, into `into` from `at` on. */
export function readFeatures(
  table: SessionTable,
  slot: number,
  about: Surroundings,
  into: Uint8Array,
  at: number,
): void {
  for (let index = 0; index < FEATURES.length; index += 1)
    into[at + index] = Math.round(255 * (FEATURES[index] as Feature).read(table, slot, about));
}

const PATH = FEATURES.findIndex(({ name }) => name === 'path');
const STRAYING = FEATURES.findIndex(({ name }) => name === 'stray');

/** Reads the features of the path anew, by what is known of paths now, as of so many calls: into a snapshot made before. */
export function readPath(
  table: SessionTable,
  slot: number,
  transitions: Transitions,
  { calls, into }: { readonly calls: number; readonly into: number },
): void {
  const moves = Math.min(calls, PATH_LENGTH, table.words[table.u(slot, U.calls)] as number);
  const at = table.b(slot, B.path);
  let [from, sum, stray, worst] = [START, 0, 0, 0];
  for (let move = 0; move < moves; move += 1) {
    const to = table.bytes[at + move] as number;
    const surprise = transitions.surprise(from, to);
    sum += surprise;
    stray = strayed(stray, surprise);
    if (canStray(move + 1)) worst = Math.max(worst, stray);
    from = to;
  }
  table.bytes[into + PATH] = Math.round(255 * surpriseShare(sum, moves));
  table.bytes[into + STRAYING] = Math.round((255 * worst) / MOST_SURPRISE);
}
