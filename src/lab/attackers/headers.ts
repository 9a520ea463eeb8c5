import { attempt } from '../attempts.ts';
import type { Attacker } from '../lab.ts';

/** What a program gets that copies everything a browser's request says but its cookie and its proof. */
export const headers: Attacker = {
  name: 'headers',
  title: 'spoofed headers, all copied',
  how: 'Every header of the page’s own call, Origin, Referer, User-Agent and Sec-Fetch-* included, without cookie and proof.',
  possible: 'A program that copies a browser’s headers gets in',
  async run(lab, tally) {
    const copied = await lab.pageHeaders();
    if (copied.honest) tally.honest();
    tally.note(`copied from ${copied.from === 'browser' ? 'a real browser’s call' : 'the wire client’s call'}`);
    const { target } = lab;
    // A page's GET says nothing of its origin; a program can say it anyway.
    const named = new Set(copied.fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
    const added = named.has('origin') ? [] : ['Origin', target.origin];
    await attempt(lab, tally, lab.sender(), lab.calls, (i) => ({
      method: lab.method,
      target: target.path + target.query,
      fields: i % 2 === 0 ? copied.fields : [...copied.fields, ...added],
      body: null,
    }));
  },
};
