import { attempt, plainRequest, wentThrough } from '../attempts.ts';
import { impersonator } from '../impersonator.ts';
import type { Attacker, Lab } from '../lab.ts';
import { logIn } from '../people.ts';
import type { Tally } from '../tally.ts';
import { WALK_DOORS } from '../steps.ts';

/** What scrapers take where a fingerprint of TLS is asked for: a browser's handshake, and no page. */
export const impersonating: Attacker = {
  name: 'tls',
  group: 'requests',
  title: 'client with a browser’s TLS',
  how: 'impit, a library that imitates Chrome’s TLS, HTTP/2 and headers, sends what the page’s call says about itself, without cookie and proof.',
  steps: [
    'a library that imitates a browser’s TLS, kept up with browsers’ releases',
    'the headers of one call, copied from a browser’s tools',
  ],
  possible: 'A program with a browser’s TLS and headers gets in without the page',
  async run(lab, tally) {
    const sender = await impersonator(lab);
    remark(lab, tally);
    const copied = lab.honest?.headers() ?? [];
    await attempt(lab, tally, sender, lab.calls, () => plainRequest(lab, copied));
  },
};

/** The same by a program that walks the doors: its transport looks like the browser’s it imitates, too. */
export const impersonatingDoors: Attacker = {
  name: 'tls-doors',
  group: 'doors',
  title: 'bootstrap with a browser’s TLS',
  how: 'The scripted bootstrap, sent by impit, a library that imitates Chrome’s TLS, HTTP/2 and headers.',
  steps: [
    ...WALK_DOORS,
    'a library that imitates a browser’s TLS, kept up with browsers’ releases',
    'that library’s cookies and headers brought in line with the signer’s',
  ],
  possible: 'A program that walks the doors with a browser’s TLS gets in',
  async run(lab, tally) {
    const client = lab.wireClient(await impersonator(lab));
    remark(lab, tally);
    const stop = tally.meter.start();
    const opening = await client.open();
    tally.setup(stop());
    if (!wentThrough(opening, tally)) return;
    if (lab.base.person) await logIn(client, (await lab.people()).other);
    await attempt(lab, tally, client.sender, lab.calls, () => client.sign({ method: lab.method }));
  },
};

function remark(lab: Lab, tally: Tally): void {
  if (!lab.target.secure) tally.note('this address has no TLS: what was imitated is the headers and their order');
}
