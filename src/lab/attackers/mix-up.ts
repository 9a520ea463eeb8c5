import type { Attacker } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { arrive, begin, browserOf, grantOf, honestLogin, providerLogin } from '../provider-login.ts';

/** An answer of one provider is handed in as if another had given it (RFC 9700 §4.4). */
export const mixUp: Attacker = {
  name: 'mix-up',
  group: 'login',
  needsLogin: true,
  title: 'providers mixed up',
  how: 'In one browser, the code that one provider gave is handed in at the address and with the state of another, with the issuer’s name of either and with none; a grant counts as getting in.',
  steps: [
    'a provider of one’s own that the app trusts, beside another',
    'a visitor who logs in there',
    'a program that hands the code on to the other’s address',
  ],
  possible: 'A provider can pass codes of another off as its own',
  async run(lab, tally) {
    const login = providerLogin(lab);
    const { second } = login;
    if (second === undefined) throw new NotRun('this run was told of one provider only');
    await honestLogin(lab, tally, login);
    for (const issuer of ['first', 'second', 'none', 'first, at its own address'] as const) {
      const victim = await browserOf(lab, tally);
      if (victim === null) return;
      const first = new URL(await login.walk(await begin(victim, login.provider), 'victim'));
      const other = new URL(await login.walk(await begin(victim, second), 'victim'));
      const mixed = new URL(issuer === 'first, at its own address' ? first : other);
      mixed.searchParams.set('code', first.searchParams.get('code') ?? '');
      mixed.searchParams.set('state', other.searchParams.get('state') ?? '');
      if (issuer.startsWith('first')) mixed.searchParams.set('iss', first.searchParams.get('iss') ?? '');
      if (issuer === 'none') mixed.searchParams.delete('iss');
      tally.add(grantOf(await arrive(victim, mixed.href)));
    }
    tally.note(
      'whether a provider was sent the other’s code cannot be seen from outside; the project’s own tests look',
    );
  },
};
