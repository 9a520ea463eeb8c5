import type { Attacker } from '../lab.ts';
import { arrive, begin, browserOf, grantOf, honestLogin, providerLogin } from '../provider-login.ts';

/** A code that leaked (a log, a referrer, a shared screen) is put into an attempt of the thief's own (RFC 9700 §4.5). */
export const codeInjection: Attacker = {
  name: 'code-injection',
  group: 'login',
  needsLogin: true,
  title: 'stolen login code',
  how: 'A victim’s code is taken before it is used, and put into the thief’s own attempt, with the thief’s state and with the victim’s; a grant counts as getting in.',
  steps: [
    'the address to which somebody’s login leads back, before it is opened',
    'a login of one’s own that is under way',
  ],
  possible: 'Whoever reads a login code can log in with it',
  async run(lab, tally) {
    const login = providerLogin(lab);
    await honestLogin(lab, tally, login);
    for (const part of ['code', 'all'] as const) {
      const victim = await browserOf(lab, tally);
      const thief = await browserOf(lab, tally);
      if (victim === null || thief === null) return;
      const stolen = new URL(await login.walk(await begin(victim, login.provider), 'victim'));
      const own = new URL(await login.walk(await begin(thief, login.provider), 'attacker'));
      if (part === 'code') own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
      tally.add(grantOf(await arrive(thief, part === 'code' ? own.href : stolen.href)));
    }
  },
};
