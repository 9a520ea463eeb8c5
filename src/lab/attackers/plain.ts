import { attempt, plainRequest } from '../attempts.ts';
import type { Attacker } from '../lab.ts';

/** What curl, Postman and every HTTP library send when asked to. Its cost is the measure of all others. */
export const plain: Attacker = {
  name: 'plain',
  group: 'requests',
  title: 'plain client',
  how: 'The request with Host and Accept and nothing else, over one kept connection.',
  steps: ['the address, and any program that sends requests'],
  possible: 'A plain client gets in',
  async run(lab, tally) {
    await attempt(lab, tally, lab.sender(), lab.calls, () => plainRequest(lab));
  },
};
