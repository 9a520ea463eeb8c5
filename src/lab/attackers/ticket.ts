import { randomBytes } from 'node:crypto';
import { attempt, honestClient } from '../attempts.ts';
import type { Attacker } from '../lab.ts';

const TRIES = 10;

/** A ticket read from somebody's request, without the key that never left their page. */
export const ticket: Attacker = {
  name: 'ticket',
  group: 'requests',
  title: 'ticket taken elsewhere',
  how: 'An honest client’s ticket and cookies with fresh counters, signed by a key of the thief’s own making.',
  steps: ['ticket and cookies out of somebody’s browser', 'a signer of RFC 9421, with a key of its own'],
  possible: 'A ticket without its key gets in',
  async run(lab, tally) {
    const client = honestClient(lab);
    const key = randomBytes(32);
    await attempt(lab, tally, lab.sender(), TRIES, () => client.sign({ method: lab.method, key }));
  },
};
