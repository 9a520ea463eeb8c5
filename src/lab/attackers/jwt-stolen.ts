import { kindOf } from '../answer.ts';
import { plainRequest, wentThrough } from '../attempts.ts';
import type { Attacker } from '../lab.ts';
import { tokenOwner, withToken } from '../tokens.ts';

const TRIES = 5;

/** A token of the app as it lies in a log, a cross-site script's loot or a copied storage. */
export const stolenToken: Attacker = {
  name: 'jwt-stolen',
  title: 'stolen session token',
  how: 'The app’s token of a person who is using it, shown by a client that walked the doors for itself, and by one that did not, with every header of the person’s calls and their cookies.',
  possible: 'A stolen token of the app is good for whoever shows it',
  async run(lab, tally) {
    const found = await tokenOwner(lab, tally);
    if (found === null) return;
    const { client: owner, shown } = found;
    if (shown.by === 'gate') {
      tally.add(shown);
      tally.note('it belongs to the session of the page that it was taken from');
      return;
    }
    const thief = lab.wireClient();
    if (!wentThrough(await thief.open(), tally)) return;
    const stop = tally.meter.start();
    for (let i = 0; i < TRIES && lab.now() < lab.until; i++) {
      tally.add(kindOf(await thief.call(withToken(lab, lab.token))));
    }
    const inSessions = tally.admitted;
    const { authorization = '', fields = [] } = withToken(lab, lab.token);
    const token = authorization === '' ? fields : ['Authorization', authorization];
    const copied = [...owner.headers().slice(2), ...token];
    for (const more of [token, copied, [...copied, 'Cookie', owner.cookies()]]) {
      tally.add(kindOf(await lab.sender().send(plainRequest(lab, more))));
    }
    tally.spent(stop(), tally.admitted);
    if (inSessions > 0) tally.note('it is good in a session of the thief’s own');
    if (kindOf(await owner.call(withToken(lab, lab.token))).by === 'backend') tally.honest();
    else tally.note('after the theft its owner is refused as well');
  },
};
