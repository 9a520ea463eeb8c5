import { randomBytes } from 'node:crypto';
import { BACKEND, kindOf } from '../answer.ts';
import { timeIsUp, wentThrough } from '../attempts.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { hasPasswords, NO_PASSWORDS } from '../people.ts';
import type { Tally } from '../tally.ts';
import { WALK_DOORS } from '../steps.ts';

/** Guesses that each of the two makes. */
const GUESSES = 60;
/** Guesses of one stretch, by which the price is measured. */
const STRETCH = 10;
const PUT_OFF = 'every guess was put off for those that came before from here; try again in a quarter of an hour';

/**
 * One password after another for one account. The name is one that nobody has: the gate counts such names like
 * others, and no account of anybody is touched. A guess that was looked at counts as getting in.
 */
export const bruteForce: Attacker = {
  name: 'brute-force',
  group: 'login',
  needsLogin: true,
  title: 'guessing one password',
  how: 'A client that walked the doors guesses passwords for one account at the gate’s own login; a guess that was looked at counts, one that was put off does not.',
  steps: [...WALK_DOORS, 'a name, and a list of common passwords'],
  possible: 'Passwords can be guessed at the pace that the throttle leaves, so that one of the most common ones falls',
  run: (lab, tally) => {
    const name = `lab-${randomBytes(6).toString('hex')}`;
    return guess(lab, tally, () => name);
  },
};

/** One password each for many accounts, as leaked lists are tried. The names are ones that nobody has. */
export const stuffing: Attacker = {
  name: 'stuffing',
  group: 'login',
  needsLogin: true,
  title: 'trying leaked passwords',
  how: 'A client that walked the doors tries one password each for many accounts from one address; a try that was looked at counts, one that was put off does not.',
  steps: [...WALK_DOORS, 'a list of leaked names with their passwords'],
  possible: 'A list of leaked passwords can be tried at the pace that the throttle leaves, faster from many addresses',
  run: (lab, tally) => guess(lab, tally, () => `lab-${randomBytes(6).toString('hex')}`),
};

async function guess(lab: Lab, tally: Tally, nameOf: () => string): Promise<void> {
  const client = lab.wireClient();
  const stop = tally.meter.start();
  const opening = await client.open();
  if (!wentThrough(opening, tally)) return;
  const own = await hasPasswords(client);
  tally.setup(stop());
  if (!own) throw new NotRun(NO_PASSWORDS);
  const started = lab.now();
  for (let from = 0; from < GUESSES && !timeIsUp(lab, tally, GUESSES - from); from += STRETCH) {
    const [stopped, mark] = [tally.meter.start(), tally.mark()];
    for (let i = 0; i < STRETCH && lab.now() < lab.until; i++) {
      const password = randomBytes(12).toString('base64url');
      const kind = kindOf(await client.ask('/login', { name: nameOf(), password }));
      tally.add(kind.by === 'gate' && kind.code === 'login-failed' ? BACKEND : kind);
    }
    tally.spent(stopped(), mark);
  }
  if (tally.admitted === 0) throw new NotRun(PUT_OFF);
  const seconds = ((lab.now() - started) / 1000).toFixed(1);
  tally.note(`${tally.admitted} guesses were looked at in ${seconds} s, by a hash each; the rest were put off unseen`);
}
