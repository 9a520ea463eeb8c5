import { kindOf } from '../answer.ts';
import { wentThrough } from '../attempts.ts';
import type { Attacker } from '../lab.ts';
import { NotRun } from '../not-run.ts';
import { withToken } from '../tokens.ts';

const TRIES = 3;

/** Somebody who is logged in, at the address of somebody else's object: the flaw that no door can see (API1). */
export const otherObject: Attacker = {
  name: 'other-object',
  title: 'another user’s object',
  how: 'A second person, logged in and with every key of their own, asks for the object at this address, which belongs to the person of the first token; that person asks last.',
  possible: 'Whoever is logged in reaches the objects of others',
  async run(lab, tally) {
    if (lab.token === '' || lab.otherToken === '') {
      throw new NotRun(
        'this needs two people: the owner’s token in SALLYPORT_TOKEN, another’s in SALLYPORT_OTHER_TOKEN',
      );
    }
    const other = lab.wireClient();
    if (!wentThrough(await other.open(), tally)) return;
    const tries = [];
    for (let i = 0; i < TRIES && lab.now() < lab.until; i++) {
      tries.push(kindOf(await other.call(withToken(lab, lab.otherToken))));
    }
    // Last, because it may delete the object.
    const { client: owner } = await lab.tokenClient();
    const own = kindOf(await owner.call(withToken(lab, lab.token)));
    const reached = tries.some((kind) => kind.by === 'backend');
    if (own.by === 'backend') tally.honest();
    else if (reached) tally.note('the owner was refused');
    else if (own.by === 'nobody' || own.code !== 'session-mismatch') {
      const why = own.by === 'nobody' ? own.why : `code ${own.code}`;
      throw new NotRun(`the owner is not let in either (${why})`);
    }
    for (const kind of tries) {
      if (kind.by === 'gate' && kind.code === 'login-required') throw new NotRun('the second token is not taken');
      tally.add(kind);
    }
  },
};
