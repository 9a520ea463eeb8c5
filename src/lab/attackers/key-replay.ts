import { createSigner } from '../../keys/signer.ts';
import { kindOf } from '../answer.ts';
import { attempt } from '../attempts.ts';
import type { RawRequest } from '../http.ts';
import type { Attacker, Lab } from '../lab.ts';
import { NotRun } from '../not-run.ts';

const CAPTURES = 3;
const COPIES = 4;

/** What somebody reads who stands between a partner's server and the gate, or in its log. */
export const keyReplay: Attacker = {
  name: 'key-replay',
  group: 'keys',
  title: 'partner’s request replayed',
  how: 'Requests with the API key in SALLYPORT_KEY, sent again byte for byte, and with another query, on another connection.',
  possible: 'A request with an API key, read on its way, is good for whoever sends it',
  async run(lab, tally) {
    if (lab.apiKey === '') throw new NotRun('no API key was given in SALLYPORT_KEY');
    const thief = lab.sender();
    const owner = lab.sender();
    for (let i = 0; i < CAPTURES && lab.now() < lab.until; i++) {
      const request = keyed(lab);
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

function keyed({ apiKey, method, target }: Lab): RawRequest {
  const { authority, path, query } = target;
  const signer = createSigner(apiKey);
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
