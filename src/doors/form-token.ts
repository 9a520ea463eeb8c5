import type { Endpoint } from '../guard/endpoint.ts';
import type { FormToken } from '../guard/guard.ts';
import type { Decision } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';

/**
 * `GET {mount}/form-token`: a token for pages that cannot have one in their HTML, because caches keep them. Answers the
 * page's own code alone, as entry does; 404 where no route asks for tokens.
 */
export function createFormTokenEndpoint(
  policy: () => Policy,
  tokenFor: (request: RequestView, decision: Decision) => FormToken | null,
): Endpoint {
  return {
    method: 'GET',
    path: '/form-token',
    asks: 'site',
    maxBody: 0,
    answer({ request, decision }) {
      const made = tokenFor(request, decision);
      const rule = policy().antiForgery;
      if (made === null || rule === null) return { status: 404, fields: PLAIN, body: 'No route asks for tokens.\n' };
      const cookies = made.cookies.flatMap((cookie) => ['set-cookie', cookie]);
      const { token, field } = made;
      const body = { token, field, header: rule.headers[0] ?? '', life: rule.life };
      return { status: 200, fields: [...JSON_FIELDS, ...cookies], body: JSON.stringify(body) };
    },
  };
}

const COMMON = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
const JSON_FIELDS = ['content-type', 'application/json', ...COMMON];
const PLAIN = ['content-type', 'text/plain; charset=utf-8', ...COMMON];
