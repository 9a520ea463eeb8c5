import type { Carrier } from '../guard/decision.ts';
import type { QueryShape } from './query.ts';
import type { Shape } from './shape.ts';

/**
 * One request and what became of it, whatever it was read from. What a source does not show is '', 0 or null: no reader
 * guesses.
 */
export interface Observation {
  /** When it was made: milliseconds since 1970. */
  readonly time: number;
  /** Names its browser session within the source; '' where the source tells none apart. */
  readonly session: string;
  /** Network prefix (IPv4 address, IPv6 /56). */
  readonly prefix: string;
  readonly method: string;
  /** Path and query as sent; the path alone where `query` says what the rest looked like. */
  readonly target: string;
  /** What the query looked like, where the source does not show it as sent; else undefined. */
  readonly query?: QueryShape;
  readonly status: number;
  /** User-Agent. */
  readonly agent: string;
  readonly carrier: Carrier | '';
  /** Path of the page that made it. */
  readonly page: string;
  /** Content type of the request's body, without parameters. */
  readonly type: string;
  /** What the request's body looked like; null where it is not shown, or not JSON. */
  readonly request: Shape | null;
  /** What the answer's body looked like; null as above. */
  readonly answer: Shape | null;
  /** Marks of the path's segments ({@link import('./marks.ts').Marks}); empty where the source has no bodies to compare with. */
  readonly marks: readonly string[];
  /** Whether the gate found its proof good; null where no gate was asked. */
  readonly verified: boolean | null;
  /** Header fields as sent, and bodies as text, for a judgement of the very request; null where the source has none. */
  readonly exchange: Exchange | null;
  /** Where a log keeps it, the same at each reading ({@link import('./readers/kept.ts').KeptLines}); absent or -1: nowhere. */
  readonly line?: number;
  /** The number of its target, the same at each reading; as `line`. */
  readonly targetNumber?: number;
}

export interface Exchange {
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  /** Text of the request's body; null where there is none, or it is not shown. */
  readonly body: string | null;
  /** Text of the JSON answer; null for none. */
  readonly answer: string | null;
}

/** What kinds of things a source can show at all. What it cannot is not learned, and not judged. */
export interface Shows {
  /** Header fields: by what carriers requests came, and of which content type. */
  readonly fields: boolean;
  readonly bodies: boolean;
  readonly networks: boolean;
  /** Queries as they were sent. */
  readonly queries: boolean;
}

export type Format = 'access log' | 'HAR' | 'Playwright trace' | 'recording';

/** Traffic that can be read, more than once. */
export interface Source {
  /** File name, or what stands for it. */
  readonly name: string;
  readonly format: Format;
  /** What can be learned of it. */
  readonly shows: Shows;
  /** What it can be judged by: for that bodies are needed as they were, not as they looked. */
  readonly judges: Shows;
  /** Bytes, for progress. */
  readonly size: number;
  /**
   * Reads it from the beginning. What cannot be read is counted in `tally` and passed over; nothing of that throws.
   *
   * @param onBytes told how many more were read
   */
  read(tally: Tally, onBytes?: (bytes: number) => void): AsyncIterable<readonly Observation[]>;
}

/** What could not be read, by reason, with the first line or entry that was so. */
export interface Unreadable {
  readonly reason: string;
  readonly count: number;
  /** Counted from 1. */
  readonly first: number;
}

/** Counts what was read and what was not. Reasons are few and fixed: it is bounded by them. */
export interface Tally {
  readonly requests: number;
  read(count: number): void;
  skip(reason: string, at: number): void;
  unreadable(): readonly Unreadable[];
}

export function createTally(): Tally {
  const reasons = new Map<string, { count: number; readonly first: number }>();
  let requests = 0;
  return {
    get requests() {
      return requests;
    },
    read(count) {
      requests += count;
    },
    skip(reason, at) {
      const known = reasons.get(reason);
      if (known === undefined) reasons.set(reason, { count: 1, first: at });
      else known.count += 1;
    },
    unreadable: () => [...reasons].map(([reason, { count, first }]) => ({ reason, count, first })),
  };
}

/** The path of a target: what stands before the query. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? target : target.slice(0, mark);
}
