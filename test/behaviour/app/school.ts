import { type Book, createBook } from '../../../src/behaviour/book.ts';
import { formatModel, parseModel } from '../../../src/behaviour/model-file.ts';
import { createSeeded, type Seeded } from '../../../src/behaviour/seeded.ts';
import { type MadeSession, makePerson } from './people.ts';
import { play, type Seen, settle, type Visit } from './play.ts';
import { makeProgram, PROGRAMS } from './programs.ts';

/** A book that is taught by made-up sessions, and asked about others; everything follows from one seed. */
export interface School {
  readonly random: Seeded;
  readonly book: Book;
  person(): MadeSession;
  program(name: string, calls?: number): MadeSession;
  /** A session that comes four seconds after the one before; from a network of its own among many, unless one is named. */
  visit(made: MadeSession, prefix?: string): Visit;
  teach(visits: readonly Visit[]): void;
  /** Plays visits into a copy of the book, which learns nothing for the next. */
  ask(visits: readonly Visit[], thresholds?: readonly number[]): Seen[];
}

export interface SchoolOptions {
  readonly seed?: number;
  readonly sessions?: number;
  readonly perPrefix?: number;
}

const SECONDS_APART = 4;
const NETWORKS = 3000;

export function createSchool({ seed = 7, sessions = 500, perPrefix = 10 }: SchoolOptions = {}): School {
  const random = createSeeded(seed);
  const limits = () => ({ sessions, perPrefix });
  const book = createBook({ limits, seed });
  let visits = 0;
  return {
    random,
    book,
    person: () => makePerson(random),
    program(name, calls = 200) {
      const kind = PROGRAMS.find((program) => program.name === name);
      if (kind === undefined) throw new TypeError(`no program ${name}`);
      return makeProgram(random, kind, calls);
    },
    visit(made, prefix = `network ${Math.floor(random.next() * NETWORKS)}`) {
      visits += 1;
      const session = { sessionIdHigh: Math.floor(random.next() * 2 ** 32), sessionIdLow: visits };
      return { made, start: visits * SECONDS_APART, prefix, session };
    },
    teach(all) {
      play(book, all);
      settle(book, all);
    },
    ask(all, thresholds = []) {
      const copy = createBook({ limits, seed });
      copy.adopt(parseModel(formatModel(book.model, book.routes.names)));
      return play(copy, all, thresholds);
    },
  };
}
