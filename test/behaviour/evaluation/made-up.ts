import { HANDS, type HandKind, IMITATIONS, withHands } from '../app/hands.ts';
import { makePerson, STRANGERS } from '../app/people.ts';
import { PROGRAMS } from '../app/programs.ts';
import { createSchool, type School } from '../app/school.ts';
import type { Seen } from '../app/play.ts';
import { leastRate } from './rate-limit.ts';

/** Sessions at the demo app, made up: people who are held out, and programs. */

export const ODDS = [100, 1000] as const;
export const SESSIONS = 2000;
const MODELS = 5;
export const CALLS = 400;

export interface Effort {
  readonly people: number;
  readonly programs: number;
}

export interface Judged {
  readonly seen: Seen;
  readonly rate: number;
}

export interface MadeUp {
  readonly people: readonly Judged[];
  /** People of kinds that did not teach, by kind. */
  readonly strangers: ReadonlyMap<string, readonly Judged[]>;
  readonly programs: ReadonlyMap<string, readonly Judged[]>;
  /** The same after one session in ten was a program while it learned. */
  readonly poisoned: ReadonlyMap<string, readonly Judged[]>;
  readonly poisonedPeople: readonly Judged[];
  readonly hands: HandsMade;
}

/** The same where pages tell of hands. */
export interface HandsMade {
  readonly people: readonly Judged[];
  /** People by what they use, in equal numbers. */
  readonly byHand: ReadonlyMap<string, readonly Judged[]>;
  /** By program, then by what it does as if there were a hand. */
  readonly programs: ReadonlyMap<string, ReadonlyMap<string, readonly Judged[]>>;
}

/** Programs that can have a browser: the others are found without. */
export const WITH_BROWSER = ['recording', 'slow counter', 'mimic', 'copy', 'farm'];

/** Several models, each of a seed of its own, each asked about an equal part. */
export function judgeMadeUp({ people, programs }: Effort): MadeUp {
  const clean = new Map<string, Judged[]>();
  const poisoned = new Map<string, Judged[]>();
  const strangers = new Map<string, Judged[]>();
  const of = { people: [] as Judged[], poisonedPeople: [] as Judged[] };
  for (let seed = 1; seed <= MODELS; seed += 1) {
    const school = taught(seed, 0);
    of.people.push(...askPeople(school, people / MODELS));
    for (const { name } of PROGRAMS) add(clean, name, askProgram(school, name, programs / MODELS));
    for (const kind of STRANGERS)
      add(
        strangers,
        kind.name,
        ask(school, (2 * programs) / MODELS, () => makePerson(school.random, undefined, kind)),
      );
    const abused = taught(seed, 0.1);
    of.poisonedPeople.push(...askPeople(abused, people / MODELS / 5));
    for (const { name } of PROGRAMS) add(poisoned, name, askProgram(abused, name, programs / MODELS));
  }
  return { ...of, strangers, programs: clean, poisoned, hands: judgeHands({ people, programs }) };
}

function judgeHands({ people, programs }: Effort): HandsMade {
  const all: Judged[] = [];
  const byHand = new Map<string, Judged[]>();
  const byProgram = new Map(WITH_BROWSER.map((name) => [name, new Map<string, Judged[]>()]));
  for (let seed = 1; seed <= MODELS; seed += 1) {
    const school = createSchool({ seed, sessions: SESSIONS, perPrefix: SESSIONS / 50 });
    const person = (hands?: HandKind) => withHands(school.random, school.person(), hands);
    school.teach(Array.from({ length: 1.6 * SESSIONS }, () => school.visit(person())));
    all.push(...ask(school, people / MODELS, () => person()));
    for (const hands of HANDS)
      add(
        byHand,
        hands.name,
        ask(school, people / MODELS / 5, () => person(hands)),
      );
    for (const [name, into] of byProgram)
      for (const hands of IMITATIONS)
        add(
          into,
          hands.name,
          ask(school, programs / MODELS, () => withHands(school.random, school.program(name, CALLS), hands)),
        );
  }
  return { people: all, byHand, programs: byProgram };
}

/** @param abuse share of sessions that are programs, one kind after another */
function taught(seed: number, abuse: number): School {
  const school = createSchool({ seed, sessions: SESSIONS, perPrefix: SESSIONS / 50 });
  const made = Array.from({ length: 1.6 * SESSIONS }, (_, index) => {
    const kind = PROGRAMS[index % PLAIN_PROGRAMS]?.name ?? '';
    return school.visit(school.random.next() < abuse ? school.program(kind, CALLS) : school.person());
  });
  school.teach(made);
  return school;
}

/** Those before the one that plays a recording: nobody learns abuse from what cannot be told from people. */
const PLAIN_PROGRAMS = 7;

const askPeople = (school: School, count: number): Judged[] => ask(school, count, () => school.person());
const askProgram = (school: School, name: string, count: number): Judged[] =>
  ask(school, count, () => school.program(name, CALLS));

function ask(school: School, count: number, make: () => ReturnType<School['person']>): Judged[] {
  const visits = Array.from({ length: count }, () => school.visit(make()));
  return school.ask(visits, ODDS).map((seen) => ({ seen, rate: leastRate(seen.visit.made) }));
}

function add(into: Map<string, Judged[]>, name: string, judged: readonly Judged[]): void {
  into.set(name, [...(into.get(name) ?? []), ...judged]);
}
