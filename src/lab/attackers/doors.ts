import { attempt, wentThrough } from '../attempts.ts';
import type { Attacker } from '../lab.ts';
import { logIn } from '../people.ts';
import { WALK_DOORS } from '../steps.ts';

/** A program that does what the page does. Nothing in a page can tell it apart; this is its price. */
export const doors: Attacker = {
  name: 'doors',
  group: 'doors',
  title: 'scripted bootstrap, own key',
  how: 'A client written from docs/protocol.md loads the page, enters with its own key and signs every call; no browser is involved.',
  steps: WALK_DOORS,
  possible: 'A program that walks the doors itself gets in',
  async run(lab, tally) {
    const client = lab.wireClient();
    const stop = tally.meter.start();
    const opening = await client.open();
    tally.setup(stop());
    if (!wentThrough(opening, tally)) return;
    if (lab.base.person) {
      await logIn(client, (await lab.people()).other);
      tally.note('it logged in first, as one of the lab’s people');
    }
    await attempt(lab, tally, client.sender, lab.calls, () => client.sign({ method: lab.method }));
  },
};
