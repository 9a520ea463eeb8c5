import { attempt, honestClient } from '../attempts.ts';
import { kindOf } from '../answer.ts';
import type { Attacker, Captured } from '../lab.ts';

import { setTimeout as sleep } from 'node:timers/promises';

const CAPTURES = 5;
const COPIES = 4;

/** "Copy as cURL", run at once on another connection: method, target, every header and the body, byte for byte. */
export const replay: Attacker = {
  name: 'replay',
  group: 'requests',
  title: 'request replayed at once',
  how: 'Signed requests that were admitted a moment ago, sent again byte for byte, cookies included, on other connections.',
  steps: [
    'a signed request, taken off the wire, out of a log or a browser’s tools',
    'a program that sends it again byte for byte',
  ],
  possible: 'A captured request passes again at once',
  async run(lab, tally) {
    const client = honestClient(lab);
    const thief = lab.sender();
    for (let i = 0; i < CAPTURES && lab.now() < lab.until; i++) {
      const request = client.sign({ method: lab.method });
      const first = kindOf(await client.sender.send(request));
      if (first.by !== 'backend') continue;
      tally.honest();
      await attempt(lab, tally, thief, COPIES, () => request);
    }
  },
};

/** The same copies after a while: what lay in a log, a proxy or a clipboard. */
export const replayLater: Attacker = {
  name: 'replay-later',
  group: 'requests',
  title: 'request replayed later',
  how: 'Signed requests captured when the run began, sent again byte for byte at its end.',
  steps: ['signed requests, kept for later', 'a program that sends them again byte for byte'],
  possible: 'A captured request passes again later',
  async run(lab, tally) {
    honestClient(lab);
    const youngest = Math.max(...lab.base.captured.map((one: Captured) => one.at));
    const wait = youngest + lab.later * 1000 - lab.now();
    if (wait > 0) await sleep(wait);
    tally.note(`replayed ${((lab.now() - youngest) / 1000).toFixed(1)} s after the capture`);
    const thief = lab.sender();
    for (const one of lab.base.captured) await attempt(lab, tally, thief, COPIES, () => one.request);
  },
};
