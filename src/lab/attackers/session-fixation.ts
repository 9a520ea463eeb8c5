import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { askWho, hasUser, logIn, openDoors, peopleOf, whoKind } from '../people.ts';
import { arrive, begin, browserOf, grantOf } from '../provider-login.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';

/** The attacker's own session is planted in the victim's browser; the victim logs in, and the attacker waits in it. */
export const sessionFixation: Attacker = {
  name: 'session-fixation',
  group: 'login',
  needsLogin: true,
  title: 'session planted before login',
  how: 'A victim logs in with the attacker’s session cookie; then the attacker asks, by proofs from before and by a new entry with that cookie, who is logged in. Anybody counts as getting in.',
  steps: [
    'a session of one’s own',
    'a way to put its cookie into somebody’s browser',
    'that person’s login afterwards',
  ],
  possible: 'Whoever can plant a session cookie before a login shares the session after it',
  async run(lab, tally) {
    for (const login of await loginsOf(lab)) if (!(await plant(lab, tally, login))) return;
  },
};

/** Whether the doors opened. */
async function plant(lab: Lab, tally: Tally, login: Login): Promise<boolean> {
  const attacker = await browserOf(lab, tally);
  if (attacker === null) return false;
  const victim = lab.wireClient();
  victim.takeCookies(attacker);
  const planted = lab.wireClient();
  planted.takeCookies(attacker);
  await openDoors(victim);
  await login(victim);
  if (!hasUser(await askWho(victim))) throw new NotRun('the victim’s login did not come about');
  const again = await planted.open();
  tally.add(again.opened ? whoKind(await askWho(planted)) : again.kind);
  for (let i = 0; i < BEFORE; i++) tally.add(whoKind(await askWho(attacker)));
  return true;
}

const BEFORE = 2;

type Login = (victim: WireClient) => Promise<void>;

/** How the victim logs in: at the provider that the caller gave, and by a password of the gate's own. */
async function loginsOf(lab: Lab): Promise<readonly Login[]> {
  const people = await peopleOf(lab);
  const byPassword: Login[] = people === null ? [] : [(victim) => logIn(victim, people.owner)];
  const { providerLogin } = lab;
  if (providerLogin === null) return byPassword;
  const { provider, walk } = providerLogin;
  const byProvider: Login = async (victim) => {
    const granted = grantOf(await arrive(victim, await walk(await begin(victim, provider), 'victim')));
    if (granted.by !== 'backend') throw new NotRun('the victim’s login did not come about');
    await openDoors(victim);
  };
  return [byProvider, ...byPassword];
}
