import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { askWho, hasUser, logIn, openDoors, whoKind } from '../people.ts';
import { arrive, begin, browserOf, grantOf } from '../provider-login.ts';
import type { WireClient } from '../wire-client.ts';

/** The attacker's own session is planted in the victim's browser; the victim logs in, and the attacker waits in it. */
export const sessionFixation: Attacker = {
  name: 'session-fixation',
  group: 'login',
  title: 'session planted before login',
  how: 'A victim logs in with the attacker’s session cookie; then the attacker asks, by proofs from before and by a new entry with that cookie, who is logged in. Anybody counts as getting in.',
  possible: 'Whoever can plant a session cookie before a login shares the session after it',
  async run(lab, tally) {
    const login = await loginOf(lab);
    const attacker = await browserOf(lab, tally);
    if (attacker === null) return;
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
  },
};

const BEFORE = 2;

/** How the victim logs in: at the provider that the caller gave, else by a password of the gate's own. */
async function loginOf(lab: Lab): Promise<(victim: WireClient) => Promise<void>> {
  const { providerLogin } = lab;
  if (providerLogin === null) {
    const { owner } = await lab.people();
    return (victim) => logIn(victim, owner);
  }
  const { provider, walk } = providerLogin;
  return async (victim) => {
    const granted = grantOf(await arrive(victim, await walk(await begin(victim, provider), 'victim')));
    if (granted.by !== 'backend') throw new NotRun('the victim’s login did not come about');
    await openDoors(victim);
  };
}
