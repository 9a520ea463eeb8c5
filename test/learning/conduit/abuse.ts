import type { Random } from '../random.ts';
import type { Made } from '../traffic.ts';
import type { Conduit } from './app.ts';
import { openBrowser } from './people.ts';

const START = Date.parse('2026-11-20T08:00:00Z');

export interface Abuse {
  readonly app: Conduit;
  readonly sessions: number;
  /** Number of the network of each session. */
  readonly network: (number: number) => number;
  readonly random: Random;
}

/** Programs that count through articles as fast as they are answered, and call nothing else that a page would. */
export function scrapers({ app, sessions, network, random }: Abuse): Made[] {
  const made: Made[] = [];
  for (let number = 0; number < sessions; number++) {
    const start = START + number * 60_000;
    const browser = openBrowser(app, { session: `scraper-${number}`, network: network(number), start, random, made });
    const slugs = slugsOf(app);
    for (let call = 0; call < 60; call++) browser.call('GET', `/api/articles/${slugs[(number + call) % slugs.length]}`);
    browser.call('GET', '/api/export');
  }
  return made;
}

/** Programs that take their time, one article in ten seconds, and still come from nowhere. */
export function patientScrapers({ app, sessions, network, random }: Abuse): Made[] {
  const made: Made[] = [];
  for (let number = 0; number < sessions; number++) {
    const start = START + number * 60_000;
    const browser = openBrowser(app, { session: `patient-${number}`, network: network(number), start, random, made });
    const slugs = slugsOf(app);
    for (let call = 0; call < 25; call++) {
      browser.call('GET', `/api/articles/${slugs[(number + call) % slugs.length]}/comments`);
      browser.wait(10_000);
    }
  }
  return made;
}

const slugsOf = (app: Conduit): string[] => {
  const { body } = app.call('GET', '/api/articles?limit=100&offset=0', undefined, '');
  return [Object(body)['articles'] ?? []].flat().map((article) => String(Object(article)['slug']));
};
