import type { Attacker } from '../lab.ts';
import { arrive, begin, browserOf, grantOf, honestLogin, providerLogin } from '../provider-login.ts';

/** The victim is made to open the end of the attacker's own login, and would go on as the attacker. */
export const loginCsrf: Attacker = {
  name: 'login-csrf',
  title: 'somebody else’s login',
  how: 'The attacker logs in at the provider, keeps the address that leads back, and has another browser open it; a grant there counts as getting in.',
  possible: 'A browser can be logged in as somebody else by a link',
  async run(lab, tally) {
    const login = providerLogin(lab);
    await honestLogin(lab, tally, login);
    const attacker = await browserOf(lab, tally);
    const victim = await browserOf(lab, tally);
    if (attacker === null || victim === null) return;
    const callback = await login.walk(await begin(attacker, login.provider), 'attacker');
    tally.add(grantOf(await arrive(victim, callback)));
    // The same with an attempt of the victim's own under way.
    await begin(victim, login.provider);
    tally.add(grantOf(await arrive(victim, callback)));
  },
};
