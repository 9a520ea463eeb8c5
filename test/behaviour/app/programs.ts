import type { Seeded } from '../../../src/behaviour/seeded.ts';
import { createDice, type Dice } from './dice.ts';
import { type MadeCall, type MadeSession, makePerson } from './people.ts';

/** Programs that pass the doors and want the app's content, from the plainest to one that copies a person. */
export interface ProgramKind {
  readonly name: string;
  readonly what: string;
  /** Calls of one session, where it never makes more. */
  readonly most?: number;
  make(dice: Dice, calls: number, random: Seeded): MadeCall[];
}

export const PROGRAMS: readonly ProgramKind[] = [
  {
    name: 'hammer',
    what: 'makes one call again and again, as fast as it is answered: what most rungs of the lab do',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.between(0.002, 0.006),
        () => list(0),
      ),
  },
  {
    name: 'counter',
    what: 'counts through the posts, ten a second',
    make: (dice, calls) =>
      walk(
        calls,
        () => 0.1 * dice.between(0.95, 1.05),
        (step) => post(step),
      ),
  },
  {
    name: 'crawler',
    what: 'reads each page of the list, then each post on it, two a second',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.between(0.4, 0.6),
        (step) => (step % 21 === 0 ? list(step / 21) : post(step)),
      ),
  },
  {
    name: 'sampler',
    what: 'reads posts at random, one a second',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.between(0.8, 1.2),
        () => post(dice.between(1, 5000)),
      ),
  },
  {
    name: 'dictionary',
    what: 'searches for one word after another, every two seconds',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.between(1.5, 2.5),
        (step) => ['GET /api/search', `/api/search?q=w${step}`],
      ),
  },
  {
    name: 'drainer',
    what: 'asks the assistant every ten seconds',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.between(9, 11),
        () => ['POST /api/ask', '/api/ask'],
      ),
  },
  {
    name: 'prober',
    what: 'tries ids that may not be there, five a second',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.between(0.15, 0.25),
        () => post(dice.between(5000, 90_000)),
        0.9,
      ),
  },
  {
    name: 'recording',
    what: 'plays one recorded visit again and again, two seconds apart',
    make(dice, calls, random) {
      const recorded = makePerson(random).calls.slice(0, 30);
      return walk(
        calls,
        () => dice.between(1, 3),
        (step) => {
          const { route, target } = recorded[step % recorded.length] as MadeCall;
          return [route, target];
        },
      );
    },
  },
  {
    name: 'late hammer',
    what: 'opens the app as a person does, sixteen calls, then makes one call again and again, two a second',
    make(dice, calls, random) {
      const opened = people(16, random);
      const from = opened.at(-1)?.at ?? 0;
      const rest = walk(
        calls - opened.length,
        () => dice.between(0.4, 0.6),
        () => list(0),
      );
      return [...opened, ...rest.map((call) => ({ ...call, at: from + call.at }))];
    },
  },
  {
    name: 'slow counter',
    what: 'counts through the posts with the pauses of a person',
    make: (dice, calls) =>
      walk(
        calls,
        () => dice.logNormal(9, 0.9),
        (step) => post(step),
      ),
  },
  {
    name: 'mimic',
    what: 'calls in the order and with the pauses of a person, each post once',
    make(dice, calls, random) {
      let next = Math.floor(dice.between(1, 4000));
      return people(calls, random).map((call) =>
        call.route === 'GET /api/posts/:id' ? { ...call, target: `/api/posts/${next++}` } : call,
      );
    },
  },
  {
    name: 'copy',
    what: 'does what people do, one visit after another, without an end',
    make: (_dice, calls, random) => people(calls, random),
  },
  {
    name: 'farm',
    what: 'the same, with a new session for every 30 calls',
    most: 30,
    make: (_dice, calls, random) => people(calls, random),
  },
];

/** A session of a program, of so many calls. */
export function makeProgram(random: Seeded, kind: ProgramKind, calls: number): MadeSession {
  return { kind: kind.name, calls: kind.make(createDice(random), Math.min(calls, kind.most ?? calls), random) };
}

type Wanted = readonly [route: string, target: string];

const post = (id: number): Wanted => ['GET /api/posts/:id', `/api/posts/${Math.floor(id)}`];
const list = (page: number): Wanted => ['GET /api/posts', `/api/posts?page=${page}`];

function walk(calls: number, pause: () => number, next: (step: number) => Wanted, failing = 0): MadeCall[] {
  let at = 0;
  return Array.from({ length: calls }, (_, step) => {
    const [route, target] = next(step);
    at += pause();
    return { at, route, target, status: step % 10 < failing * 10 ? 404 : 200 };
  });
}

function people(calls: number, random: Seeded): MadeCall[] {
  const made: MadeCall[] = [];
  let from = 0;
  while (made.length < calls) {
    const visit = makePerson(random).calls;
    made.push(...visit.map((call) => ({ ...call, at: from + call.at })));
    from += (visit.at(-1)?.at ?? 0) + 10;
  }
  return made.slice(0, calls);
}
