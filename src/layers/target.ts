import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { pathTrouble } from '../wire/fold.ts';

const ENCODED = refusal(
  'target',
  "a path without encoded slashes, backslashes or dot segments, or `encoded: 'opaque'` on its route",
);

/** Paths that two servers read differently: refused unless the route says that its backend takes them as data (R12). */
export const target: Layer = {
  name: 'target',
  preflight: true,
  forRoute: (route) =>
    route.encodedOpaque
      ? null
      : (request) =>
          (request.path.includes('%') || request.path.includes('.') || request.path.includes('\\')) &&
          pathTrouble(request.path) === 'encoded'
            ? ENCODED
            : PASS,
};
