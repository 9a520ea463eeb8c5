import { kindOf, parseJson } from '../answer.ts';
import { plainRequest, wentThrough } from '../attempts.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { hasUser, openDoors, whoKind } from '../people.ts';
import type { Tally } from '../tally.ts';
import { NO_TOKEN, tokenFields, tokenOwner, withToken } from '../tokens.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

const TRIES = 5;

/** A token of the app as it lies in a log, a cross-site script's loot or a copied storage. */
export const stolenToken: Attacker = {
  name: 'jwt-stolen',
  group: 'tokens',
  needsLogin: true,
  title: 'stolen session token',
  how: 'The token of a person who is using it, the app’s or one of the gate’s own accounts, shown by a client that walked the doors for itself, and by one that did not, with every header of the person’s calls and their cookies.',
  steps: ['somebody’s token, out of a log, a browser or a backend', ...WALK_DOORS],
  possible: 'A stolen token of the app is good for whoever shows it',
  async run(lab, tally) {
    if (lab.token === '') await ofAccount(lab, tally);
    else await ofApp(lab, tally);
  },
};

async function ofApp(lab: Lab, tally: Tally): Promise<void> {
  const found = await tokenOwner(lab, tally);
  if (found === null) return;
  const { client: owner, shown, show } = found;
  if (shown.by === 'gate') {
    tally.add(shown);
    tally.note('it belongs to the session of the page that it was taken from');
    return;
  }
  const thief = lab.wireClient();
  if (!wentThrough(await thief.open(), tally)) return;
  const stop = tally.meter.start();
  for (let i = 0; i < TRIES && lab.now() < lab.until; i++) {
    tally.add(await show(thief, lab.token));
  }
  const inSessions = tally.admitted;
  await unsigned(lab, tally, owner, lab.token);
  tally.spent(stop());
  if (inSessions > 0) tally.note('it is good in a session of the thief’s own');
  if ((await show(owner, lab.token)).by === 'backend') tally.honest();
  else tally.note('after the theft its owner is refused as well');
}

/** A token that a page of the gate's own accounts asked for. Whom it makes of the thief, the gate itself is asked. */
async function ofAccount(lab: Lab, tally: Tally): Promise<void> {
  const owner = lab.wireClient();
  const token = await askForToken(lab, owner);
  const shows = { ...withToken(lab, token), method: 'GET', under: '/user' };
  if (!hasUser(await owner.call(shows))) {
    throw new NotRun('the token of an account is not read where this run shows it: --token-header names its header');
  }
  const thief = lab.wireClient();
  if (!wentThrough(await thief.open(), tally)) return;
  for (let i = 0; i < TRIES && lab.now() < lab.until; i++) tally.add(whoKind(await thief.call(shows)));
  if (tally.admitted > 0) tally.note('it is good in a session of the thief’s own');
  await unsigned(lab, tally, owner, token);
  if (!hasUser(await owner.call(shows))) tally.note('after the theft its owner is refused as well');
}

/** Without a proof: the token alone, with copied headers, and with the owner's cookies. */
async function unsigned(lab: Lab, tally: Tally, owner: WireClient, token: string): Promise<void> {
  const shown = tokenFields(lab, token);
  const copied = [...owner.headers().slice(2), ...shown];
  for (const more of [shown, copied, [...copied, 'Cookie', owner.cookies()]]) {
    tally.add(kindOf(await lab.sender().send(plainRequest(lab, more))));
  }
}

/** Throws NotRun where no account gives tokens. */
async function askForToken(lab: Lab, client: WireClient): Promise<string> {
  const { owner } = await lab.people().catch((error: unknown) => {
    if (!(error instanceof NotRun)) throw error;
    throw new NotRun(`${NO_TOKEN}, and ${error.message}`);
  });
  await openDoors(client);
  const { name, password } = owner;
  const body = parseJson((await client.ask('/login', { name, password, token: true })).body);
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : null;
  if (typeof token === 'string') return token;
  throw new NotRun(`accounts give no tokens here, and ${NO_TOKEN}`);
}
