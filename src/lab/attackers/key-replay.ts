import { createSigner } from '../../keys/signer.ts';
import { kindOf } from '../answer.ts';
import { attempt } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NO_KEYS, NotRun } from '../not-run.ts';
import { type Target, targetAt } from '../target.ts';

const CAPTURES = 3;
const COPIES = 4;

/** What somebody reads who stands between a partner's server and the gate, or in its log. */
export const keyReplay: Attacker = {
  name: 'key-replay',
  group: 'keys',
  title: 'partner’s request replayed',
  how: 'Requests with the API key in SALLYPORT_KEY, or a signing one that was issued for this run, sent again byte for byte, and with another query, on another connection.',
  steps: ['a partner’s request, taken off the wire or out of a log', 'a program that sends it again'],
  possible: 'A request with an API key, read on its way, is good for whoever sends it',
  async run(lab, tally) {
    const held = keyOf(lab);
    const thief = lab.sender();
    const owner = lab.sender();
    for (let i = 0; i < CAPTURES && lab.now() < lab.until; i++) {
      const request = keyed(held);
      if (kindOf(await owner.send(request)).by === 'backend') tally.honest();
      else tally.note('the key itself opened nothing');
      await attempt(lab, tally, thief, COPIES, (copy) => (copy % 2 === 0 ? request : elsewhere(request)));
    }
  },
};

const elsewhere = (request: RawRequest): RawRequest => ({
  ...request,
  target: `${request.target}${request.target.includes('?') ? '&' : '?'}lab=1`,
});

interface Held {
  readonly key: string;
  readonly method: string;
  readonly target: Target;
}

/** A key of the caller's own opens the address under attack, one of the run's what it was issued for. */
function keyOf({ apiKey, issued, method, target }: Lab): Held {
  if (apiKey !== '') return { key: apiKey, method, target };
  if (issued === null) throw new NotRun(NO_KEYS);
  return { key: issued.signing, method: 'GET', target: targetAt(target, issued.at) };
}

function keyed({ key, method, target }: Held): RawRequest {
  const { authority, path, query } = target;
  const signer = createSigner(key);
  const shown =
    signer.kind === 'bearer'
      ? ['Authorization', signer.authorization]
      : signer
          .fields(
            { method, authority, path, query, contentType: '', authorization: '', body: null, signed: [] },
            Date.now(),
          )
          .flat();
  return { method, target: path + query, fields: ['Host', authority, 'Accept', '*/*', ...shown], body: null };
}
