import { kindOf } from '../answer.ts';
import { tryDisguises } from '../carriers.ts';
import { attempt, honestClient, wentThrough } from '../attempts.ts';
import type { Attacker } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { WALK_DOORS } from '../steps.ts';

/** The session cookie of somebody who walked the doors, and every header of their calls, without the proof. */
export const cookie: Attacker = {
  name: 'cookie',
  group: 'requests',
  title: 'copied cookie',
  how: 'An honest client’s cookies and every header of its calls, from another connection, without a proof; sent as a call, an image, a media element, a navigation and a stream.',
  steps: [
    'cookies out of somebody’s browser',
    'the headers of that browser’s calls',
    'a program that sends both, as each kind of request that a browser makes',
  ],
  possible: 'A copied cookie gets in by itself',
  async run(lab, tally) {
    const client = honestClient(lab);
    if (client.cookies() === '') throw new NotRun('entry gave no cookie to copy');
    await tryDisguises(lab, tally, [...client.headers(), 'Cookie', client.cookies()]);
  },
};

/**
 * The thief takes the cookie through the doors again, with a key pair of its own. It gets in: a session that no
 * login has bound belongs to whoever shows its cookie, and it is worth no more than a session of the thief's own.
 */
export const cookieDoors: Attacker = {
  name: 'cookie-doors',
  group: 'doors',
  title: 'copied cookie at the doors',
  how: 'A second client takes the honest client’s cookies, enters with its own key and signs calls in that session.',
  steps: ['cookies out of somebody’s browser', ...WALK_DOORS],
  possible: 'A copied session cookie opens a door for whoever holds it, until a login binds the session to a key',
  async run(lab, tally) {
    const victim = honestClient(lab);
    const thief = lab.wireClient();
    const stop = tally.meter.start();
    thief.takeCookies(victim);
    const opening = await thief.open();
    tally.setup(stop());
    if (!wentThrough(opening, tally)) return;
    await attempt(lab, tally, thief.sender, lab.calls, () => thief.sign({ method: lab.method }));
    if (kindOf(await victim.call({ method: lab.method })).by === 'backend') tally.honest();
    if (!lab.base.person) {
      tally.note('sessions are not bound to a key before login: the cookie opens a door for whoever holds it');
    }
  },
};
