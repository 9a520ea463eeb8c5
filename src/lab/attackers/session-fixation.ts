import { BACKEND, kindOf, parseJson } from '../answer.ts';
import type { Attacker } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { arrive, begin, browserOf, grantOf, providerLogin } from '../provider-login.ts';

/** The attacker's own session is planted in the victim's browser; the victim logs in, and the attacker waits in it. */
export const sessionFixation: Attacker = {
  name: 'session-fixation',
  title: 'session planted before login',
  how: 'A victim logs in with the attacker’s session cookie; then the attacker asks, by proofs from before and by a new entry with that cookie, who is logged in. Anybody counts as getting in.',
  possible: 'Whoever can plant a session cookie before a login shares the session after it',
  async run(lab, tally) {
    const login = providerLogin(lab);
    const attacker = await browserOf(lab, tally);
    if (attacker === null) return;
    const victim = lab.wireClient();
    victim.takeCookies(attacker);
    const planted = lab.wireClient();
    planted.takeCookies(attacker);
    const granted = grantOf(await arrive(victim, await login.walk(await begin(victim, login.provider), 'victim')));
    if (granted.by !== 'backend') throw new NotRun('the victim’s login did not come about');
    const again = (await planted.open()).opened;
    for (const client of again ? [attacker, planted] : [attacker]) {
      const answer = await client.call({ method: 'GET', under: '/user' });
      const kind = kindOf(answer);
      if (kind.by !== 'backend') tally.add(kind);
      else tally.add(namesSomebody(parseJson(answer.body)) ? BACKEND : { by: 'gate', code: 'login-required' });
    }
  },
};

function namesSomebody(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'user' in body && body.user !== null;
}
