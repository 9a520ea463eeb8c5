import type { Seeded } from '../../../src/behaviour/seeded.ts';
import type { Interaction } from '../../../src/wire/interaction.ts';
import { createDice, type Dice } from './dice.ts';
import type { MadeSession } from './people.ts';

/** What a page told of hands, and when: seconds since the session began. */
export interface Told {
  readonly at: number;
  readonly told: Interaction;
}

/** A way of using a page by hand, made up: what its summaries say. Null where a page tells nothing. */
export interface HandKind {
  readonly name: string;
  readonly what: string;
  /** Of a hundred people. */
  readonly share: number;
  readonly summary: ((dice: Dice) => Interaction) | null;
}

/** Seconds between two summaries. */
const PACE = 30;

export const HANDS: readonly HandKind[] = [
  kind('mouse', 'mouse and keyboard', 46, { moments: 14, forged: 0.01, spread: 0.95, presses: 0.3, instant: 0.005 }),
  kind('touch', 'fingers on glass', 36, { moments: 10, forged: 0.01, spread: 0.9, presses: 0.4, instant: 0.01 }),
  kind('keyboard', 'keyboard alone', 5, { moments: 24, forged: 0.01, spread: 0.75, presses: 0.8, instant: 0.02 }),
  kind('reader', 'a screen reader, which presses in its user’s place', 1.5, {
    ...{ moments: 6, forged: 0.02, spread: 1.1, presses: 0.5, instant: 0.8 },
  }),
  kind('switch', 'one switch, at the pace of what it chooses from', 0.75, {
    ...{ moments: 4, forged: 0, spread: 0.3, presses: 0.9, instant: 0.05 },
  }),
  kind('voice', 'a voice, whose program clicks by script', 0.75, {
    ...{ moments: 5, forged: 0.7, spread: 0.9, presses: 0.3, instant: 0.9 },
  }),
  {
    name: 'silent',
    what: 'a page that tells nothing: blocked, saving data, hidden, not touched',
    share: 10,
    summary: null,
  },
];

/** Programs that have a browser do as if there were a hand. */
export const IMITATIONS: readonly HandKind[] = [
  { name: 'none', what: 'nothing', share: 0, summary: null },
  kind('scripted', 'clicks and scrolls by script', 0, { moments: 12, forged: 1, spread: 0.15, presses: 0, instant: 0 }),
  kind('driven', 'a mouse and keys by an automation’s calls', 0, {
    ...{ moments: 12, forged: 0, spread: 0.2, presses: 0.5, instant: 1 },
  }),
  kind('paused', 'the same with the pauses of a person', 0, {
    ...{ moments: 14, forged: 0, spread: 0.95, presses: 0.3, instant: 1 },
  }),
  kind('acted', 'the same with the pauses and presses of a person', 0, {
    ...{ moments: 14, forged: 0.01, spread: 0.95, presses: 0.3, instant: 0.005 },
  }),
];

interface Ways {
  /** In half a minute: the middle. */
  readonly moments: number;
  /** Shares. */
  readonly forged: number;
  readonly presses: number;
  readonly instant: number;
  /** Of the logarithms of pauses: its middle. */
  readonly spread: number;
}

function kind(name: string, what: string, share: number, ways: Ways): HandKind {
  const summary = (dice: Dice): Interaction => {
    const moments = Math.max(1, Math.round(dice.logNormal(ways.moments, 0.5)));
    const some = (of: number, part: number): number =>
      Array.from({ length: of }, () => dice.chance(part)).filter(Boolean).length;
    const presses = some(moments, ways.presses);
    const spread = Math.round(100 * dice.logNormal(ways.spread, 0.15));
    const gaps = some(moments - 1, 0.85);
    return { moments, forged: some(moments, ways.forged), gaps, spread, presses, instant: some(presses, ways.instant) };
  };
  return { name, what, share, summary };
}

/** The same session, and what its page tells. */
export function withHands(random: Seeded, made: MadeSession, hands = handsOf(random)): MadeSession {
  const { summary } = hands;
  if (summary === null) return made;
  const dice = createDice(random);
  const seconds = made.calls.at(-1)?.at ?? 0;
  const told = Array.from({ length: Math.floor(seconds / PACE) }, (_, index) => ({
    at: (index + 1) * PACE,
    told: summary(dice),
  }));
  return { ...made, told };
}

function handsOf(random: Seeded): HandKind {
  const shares = Object.fromEntries(HANDS.map(({ name, share }) => [name, share]));
  const name = createDice(random).pick(shares);
  return HANDS.find((each) => each.name === name) ?? (HANDS[0] as HandKind);
}
