import { kindOf } from '../answer.ts';
import { tryDisguises } from '../carriers.ts';
import type { Attacker } from '../lab.ts';
import { askWho, whoKind } from '../people.ts';

/** The cookies of somebody who is logged in, at the doors and by themselves: what info-stealers sell. */
export const cookieLogin: Attacker = {
  name: 'cookie-login',
  group: 'login',
  title: 'stolen cookie of a login',
  how: 'The cookies of somebody who is logged in: a thief enters with them, without and with a session key of its own, asks who it is, signs calls beside them, and sends them with copied headers and no proof.',
  possible: 'The cookies of a login work at this address, wherever they were copied to, until the session ends',
  async run(lab, tally) {
    const { owner } = await lab.people();
    const keyless = lab.wireClient();
    keyless.takeCookies(owner.client);
    const entry = await keyless.open('keyless');
    tally.add(entry.opened ? whoKind(await askWho(keyless)) : entry.kind);
    const keyed = lab.wireClient();
    keyed.takeCookies(owner.client);
    const own = await keyed.open();
    tally.add(own.opened ? whoKind(await askWho(keyed)) : own.kind);
    // The thief's own open door, and the victim's cookies beside its proofs.
    const walker = lab.wireClient();
    if ((await walker.open()).opened) {
      walker.takeCookies(owner.client);
      for (let i = 0; i < BESIDE; i++) tally.add(whoKind(await askWho(walker)));
    }
    const before = tally.admitted;
    await tryDisguises(lab, tally, [...owner.client.headers(), 'Cookie', owner.client.cookies()]);
    if (tally.admitted > before)
      tally.note('this address is at level session: the cookie works until the session ends');
    if (before > 0) tally.note('whoever shows it at the doors is taken for its owner');
    if (kindOf(await owner.client.call({ method: lab.method })).by === 'backend') tally.honest();
  },
};

const BESIDE = 3;
