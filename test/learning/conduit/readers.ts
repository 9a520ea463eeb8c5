import type { Random } from '../random.ts';
import type { Made } from '../traffic.ts';
import type { Conduit } from './app.ts';
import { openBrowser } from './people.ts';

export interface Readers {
  readonly app: Conduit;
  /** Begins the names of their sessions. */
  readonly name: string;
  readonly sessions: number;
  /** Number of the network of each session. */
  readonly network: (number: number) => number;
  readonly random: Random;
  /** What each puts into its login besides name and password. */
  readonly adds: (number: number) => Record<string, unknown>;
}

const START = Date.parse('2026-11-20T08:00:00Z');

/** People who come, log in and read an article, all in the order of the app: what they differ in is what they send. */
export function readers({ app, name, sessions, network, random, adds }: Readers): Made[] {
  const made: Made[] = [];
  for (let number = 0; number < sessions; number++) {
    const start = START + number * 20_000;
    const browser = openBrowser(app, { session: `${name}-${number}`, network: network(number), start, random, made });
    browser.call('GET', '/api/tags');
    browser.wait(9000);
    const account = { email: `reader${number % 400}@mail.test`, password: 'x'.repeat(random.whole(8, 20)) };
    browser.call('POST', '/api/users/login', { user: { ...account, ...adds(number) } });
    browser.user = `reader${number % 400}`;
    browser.call('GET', '/api/articles?limit=5&offset=0');
  }
  return made;
}
