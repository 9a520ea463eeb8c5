import type { Random } from './random.ts';
import { browserOf, type Made, networkOf } from './traffic.ts';

export interface VisitOptions {
  readonly session: string;
  /** Number of the network that it comes from. */
  readonly network: number;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly random: Random;
  /** Where its calls are put down. */
  readonly made: Made[];
}

/** One browser with the app's page in it: when it is, and which page it shows. */
export interface Visit {
  /** Puts a call down as of now; what follows comes `most` milliseconds later, or sooner. */
  note(call: Omit<Made, 'time' | 'session' | 'prefix' | 'agent' | 'page'>, most: number): void;
  /** Shows another page of the app. */
  show(page: string): void;
  /** Waits, as people do: three in a hundred are three times as fast. */
  wait(median: number): void;
}

export function startVisit({ session, network, start, random, made }: VisitOptions): Visit {
  const who = { session, prefix: networkOf(network), agent: browserOf(network) };
  const hurry = random.chance(0.03) ? 3 : 1;
  let time = start;
  let page = '/';
  return {
    note(call, most) {
      made.push({ time, ...who, page, ...call });
      time += random.whole(15, most);
    },
    show(next) {
      page = next;
    },
    wait(median) {
      time += random.pause(median / hurry);
    },
  };
}
