import { attempt, wentThrough } from '../attempts.ts';
import { kindOf } from '../answer.ts';
import { tryDisguises } from '../carriers.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker } from '../lab.ts';
import { fromNetwork } from '../networks.ts';
import { elsewhere } from '../wire-headers.ts';

const TRIES = 10;
/** In another /24 than the gate's. */
const OTHER_NETWORK = '127.77.7.7';

/**
 * What was taken out of a browser that is still open, and used from the thief's own machine: calls that it signed and
 * nobody has sent yet, and its cookie.
 */
export const moved: Attacker = {
  name: 'moved',
  group: 'requests',
  title: 'session used elsewhere',
  how: 'Calls that an honest client signed and did not send, and its cookie with its headers, sent from another network as another browser.',
  steps: [
    'signed requests that never left somebody’s browser, or its cookie',
    'a machine in another network',
    'a program that sends them as another browser’s',
  ],
  possible: 'A session’s calls and cookie work from another network by another browser',
  async run(lab, tally) {
    const victim = lab.wireClient();
    if (!wentThrough(await victim.open(), tally)) return;
    const thief = await fromNetwork(lab, tally, OTHER_NETWORK);
    const taken = (): RawRequest => {
      const request = victim.sign({ method: lab.method });
      return { ...request, fields: elsewhere(request.fields) };
    };
    await attempt(lab, tally, thief, TRIES, taken);
    await tryDisguises(lab, tally, elsewhere([...victim.headers(), 'Cookie', victim.cookies()]), thief);
    if (kindOf(await victim.call({ method: lab.method })).by === 'backend') tally.honest();
  },
};
