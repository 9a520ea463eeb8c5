import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import type { RequestView } from '../guard/view.ts';

const UNLISTED = refusal('forbidden', 'a row for this method and path under `routes`');
const METHOD = refusal('method', 'one of the methods that `routes` lists for this path');

/** Inside protected patterns a configuration that names routes has named all of them: the rest is refused (R11, R64). */
export const route: Layer = {
  name: 'route',
  preflight: true,
  forRoute: (rule) => {
    if (!rule.unlisted) return null;
    const verdict = rule.allow.length > 0 ? METHOD : UNLISTED;
    // A preflight is answered by the cors layer, with the methods that are listed.
    const asks = ({ method, headers }: RequestView): boolean =>
      method === 'OPTIONS' && headers.accessControlRequestMethod !== '' && rule.allow.length > 0;
    return (request) => (asks(request) ? PASS : verdict);
  },
};
