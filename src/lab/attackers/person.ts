import { kindOf } from '../answer.ts';
import type { Attacker } from '../lab.ts';
import { MINTS_SPENT, NotRun } from '../not-run.ts';
import { callInPage, openPage } from '../page-calls.ts';

/** Pages that are opened: enough to see that nothing stands in a person's way. */
const PAGES = 3;

/**
 * Somebody who is paid to sit at a browser. Whether the gate lets them in is measured, what they cost is assumed: nobody
 * was hired. That they pass is what the gate is for.
 */
export const person: Attacker = {
  name: 'person',
  group: 'doors',
  title: 'rented person',
  how: `Somebody is paid to open the page and do what it is for. The system’s Chromium opens the page ${PAGES} times, and the page makes one call each time; seconds and money are not measured but assumed, by the price of an hour and the seconds that a page takes.`,
  steps: [
    'a service that lets people out by the hour',
    'instructions for these people, and a place where they put what they get',
  ],
  possible: 'A person who is paid to use the app gets in, as everybody should',
  async run(lab, tally) {
    const chromium = await lab.chromium();
    tally.needs({ people: 1 });
    for (let i = 0; i < PAGES && lab.now() < lab.until; i++) {
      const { page, limited } = await openPage(lab, chromium);
      const answers = await callInPage(page, lab, 1).finally(() => page.browserContext().close());
      if (limited()) throw new NotRun(MINTS_SPENT);
      for (const answer of answers) tally.add(kindOf(answer));
    }
    const seconds = lab.prices.personSeconds;
    tally.spent({ cpu: null, wall: seconds * tally.admitted });
    tally.note(`by assumption: ${seconds} s a page, one call a page; their computer is their own`);
  },
};
