import { type Answer, PASS, refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { isOwnOrigin, listsOrigin } from '../guard/origins.ts';
import { shareOf } from '../guard/pipeline.ts';
import { isPartial } from '../guard/rollout.ts';
import type { RequestView } from '../guard/view.ts';

const ORIGIN = refusal('origin', 'an origin that the route’s client lists');
const NOTHING_ALLOWED: Answer = Object.freeze({ status: 204, fields: ['vary', 'Origin'], body: '' });
/** Chromium's upper bound; Firefox allows a day. */
const MAX_AGE_SECONDS = '7200';
const EXPOSED = 'sallyport-decision, ratelimit, retry-after, date';
const MAX_REQUESTED_HEADERS = 1024;

/**
 * Owns CORS for covered routes (PROTOCOL 5.3): preflights are answered here in every mode and never reach the
 * backend; answers to listed origins carry exactly that origin, never `*` and never an echo (R31). A page of one of our
 * hosts that calls another of them is listed by `self`, and is answered as other listed origins are.
 */
export const cors: Layer = {
  name: 'cors',
  preflight: true,
  forRoute: (route, policy) => {
    if (route.level === 'open') return null;
    const isRolledOut = isPartial(shareOf(policy, route, cors));
    return (request, context) => {
      const { origin } = request.headers;
      if (origin === '') return PASS;
      const own = isOwnOrigin(policy, route.client, origin, context.authority);
      if (own && hostIn(origin) === context.authority) return ownOrigin(request, context);
      if (own && context.secure && origin.startsWith('http:')) return lessSecure(request, context);
      if (!listsOrigin(policy, route.client, origin, context.authority)) {
        context.evidence = `Origin ${JSON.stringify(origin.slice(0, 200))} is not listed`;
        // A layer or route that merely reports lends no preflight a way to the backend; in report mode the backend
        // answers as it would without us, because an answer that allows nothing would break what works today. So it does for whom a roll-out has not reached.
        if (isPreflight(request) && policy.mode === 'enforce' && !isRolledOut) context.answer = NOTHING_ALLOWED;
        return ORIGIN;
      }
      context.responseFields = crossOriginFields(origin);
      if (isPreflight(request)) context.answer = preflightAnswer(request, context);
      return PASS;
    };
  },
};

/** Browsers send no preflight to their own origin; one that comes all the same is answered, not forwarded. */
function ownOrigin(request: RequestView, context: Context): typeof PASS {
  if (isPreflight(request)) context.answer = preflightAnswer(request, context);
  return PASS;
}

/**
 * Whoever sits in the plain HTTP of one of our hosts could write its pages: these read nothing of what another host
 * answers over TLS. They may call, as links and forms between our hosts do.
 */
function lessSecure(request: RequestView, context: Context): typeof PASS {
  if (isPreflight(request)) context.answer = NOTHING_ALLOWED;
  return PASS;
}

const hostIn = (origin: string): string => origin.slice(origin.indexOf('//') + 2);

const isPreflight = (request: RequestView): boolean =>
  request.method === 'OPTIONS' && request.headers.accessControlRequestMethod !== '';

function crossOriginFields(origin: string): readonly string[] {
  return [
    'access-control-allow-origin',
    origin,
    'access-control-allow-credentials',
    'true',
    'access-control-expose-headers',
    EXPOSED,
    'vary',
    'Origin, Sec-Fetch-Site',
  ];
}

function preflightAnswer(request: RequestView, context: Context): Answer {
  const { accessControlRequestMethod, accessControlRequestHeaders, origin } = request.headers;
  const fields = [
    'access-control-allow-origin',
    origin,
    'access-control-allow-credentials',
    'true',
    'access-control-allow-methods',
    methodsFor(accessControlRequestMethod, context.route.allow),
    'access-control-max-age',
    MAX_AGE_SECONDS,
    'vary',
    'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'content-length',
    '0',
  ];
  if (
    /^[a-z0-9!#$%&'*+.^_`|~, -]+$/i.test(accessControlRequestHeaders) &&
    accessControlRequestHeaders.length <= MAX_REQUESTED_HEADERS
  ) {
    fields.push('access-control-allow-headers', accessControlRequestHeaders);
  }
  return { status: 204, fields, body: '' };
}

/** The method asked for, where the route takes it: a browser asks for one at a time. */
function methodsFor(asked: string, allowed: readonly string[]): string {
  const known = /^[A-Za-z]{1,20}$/.test(asked) ? asked : '';
  return allowed.length > 0 ? allowed.join(', ') : known;
}
