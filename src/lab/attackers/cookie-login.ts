import { kindOf } from '../answer.ts';
import { tryDisguises } from '../carriers.ts';
import type { Attacker, Lab } from '../lab.ts';
import { askWho, logIn, openDoors, whoKind } from '../people.ts';
import type { Tally } from '../tally.ts';
import type { WireClient } from '../wire-client.ts';
import { WALK_DOORS } from '../steps.ts';

/** The cookies of somebody who is logged in, at the doors and by themselves: what info-stealers sell. */
export const cookieLogin: Attacker = {
  name: 'cookie-login',
  group: 'login',
  needsLogin: true,
  title: 'stolen cookie of a login',
  how: 'The cookies of somebody who is logged in: a thief enters with them, without and with a session key of its own, asks who it is, signs calls beside them, and sends them with copied headers and no proof.',
  steps: [
    'the cookies of somebody who is logged in',
    ...WALK_DOORS,
    'a session key of one’s own, and the calls that ask who one is',
  ],
  possible: 'The cookies of a login work at this address, wherever they were copied to, until the session ends',
  async run(lab, tally) {
    const { owner } = await lab.people();
    const victim = lab.wireClient();
    await openDoors(victim);
    await logIn(victim, owner);
    await atTheDoors(lab, tally, victim);
    if (tally.admitted > 0) tally.note('whoever shows it at the doors is taken for its owner');
    const passes = await tryDisguises(lab, tally, [...victim.headers(), 'Cookie', victim.cookies()]);
    if (kindOf(await victim.call({ method: lab.method })).by === 'backend') tally.honest();
    if (passes === null) return;
    tally.note('this address is at level session: a copied cookie works until the session ends');
    await victim.ask('/logout', {});
    const after = kindOf(await lab.sender().send(passes));
    tally.note(after.by === 'backend' ? 'it works after the logout, too' : 'after the logout it is refused');
    tally.add(after);
  },
};

async function atTheDoors(lab: Lab, tally: Tally, victim: WireClient): Promise<void> {
  for (const how of ['keyless', 'keyed'] as const) {
    const thief = lab.wireClient();
    thief.takeCookies(victim);
    const entry = await thief.open(how);
    tally.add(entry.opened ? whoKind(await askWho(thief)) : entry.kind);
  }
  // The thief's own open door, and the victim's cookies beside its proofs.
  const thief = lab.wireClient();
  if (!(await thief.open()).opened) return;
  thief.takeCookies(victim);
  for (let i = 0; i < BESIDE; i++) tally.add(whoKind(await askWho(thief)));
}

const BESIDE = 3;
