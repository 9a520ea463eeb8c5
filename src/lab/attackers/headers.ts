import { tryDisguises } from '../carriers.ts';
import type { Attacker } from '../lab.ts';

/** What a program gets that copies everything a browser's request says but its cookie and its proof. */
export const headers: Attacker = {
  name: 'headers',
  group: 'requests',
  title: 'spoofed headers, all copied',
  how: 'Every header of the page’s own call, Origin, Referer, User-Agent and Sec-Fetch-* included, without cookie and proof; sent as a call, an image, a media element, a navigation and a stream.',
  steps: [
    'the headers of one call, copied from a browser’s tools',
    'a program that sends them, as each kind of request that a browser makes',
  ],
  possible: 'A program that copies a browser’s headers gets in',
  async run(lab, tally) {
    const copied = await lab.pageHeaders();
    if (copied.honest) tally.honest();
    tally.note(`copied from ${copied.from === 'browser' ? 'a real browser’s call' : 'the wire client’s call'}`);
    await tryDisguises(lab, tally, copied.fields);
  },
};
