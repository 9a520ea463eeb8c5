import { PASS, type Pass, refusal, type Refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { listsOrigin } from '../guard/origins.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';

const SITE = refusal('site', 'a page of our own site, or of a listed origin');
const ORIGIN = refusal('origin', 'an Origin that the route’s client lists');
const CONTRADICTION = refusal('site', 'Origin and Sec-Fetch-Site that agree');
const NO_EVIDENCE = refusal('site', 'Sec-Fetch-Site, or an Origin or Referer of our own');
const CUSTOM_HEADER = refusal(
  'site',
  'a header that only our own code can set: X-Requested-With, a proof, or a JSON body',
);
/**
 * What the page's script says of a call once somebody else, or nobody, is logged in than when its page was loaded: the
 * cookie would pass for the new one, and nobody's call is sent as somebody else. Whoever lies here bars himself.
 */
const LOGIN_CHANGED = 'sallyport login-changed';
const LOGIN_REQUIRED = 'sallyport login-required';
const CHANGED = refusal('login-changed', 'a page that was loaded since somebody logged in or out');
const REQUIRED = refusal('login-required', 'a page that was loaded since its login ended, or a new login');
const CONTENT_TYPE = refusal('content-type', 'JSON or binary content, or this type in the route’s `contentTypes`');

/**
 * Does the request come from a page of ours? Fetch Metadata first, Origin second, Referer last (R23–R29). A field
 * with a value outside its standard counts as absent (Fetch Metadata §2), and absent is not allowed where
 * nothing else speaks for the request.
 */
export const site: Layer = {
  name: 'site',
  forRoute: (route, policy) => {
    if (route.level === 'open') return null;
    return (request, context) => {
      if (context.key !== null) return PASS;
      const verdict = comesFrom(request, context, route, policy);
      if (verdict !== PASS) return verdict;
      const { xRequestedWith } = request.headers;
      if (xRequestedWith.endsWith(LOGIN_CHANGED)) return CHANGED;
      if (xRequestedWith.endsWith(LOGIN_REQUIRED)) return REQUIRED;
      context.level = 'site';
      return route.level === 'proof' ? PASS : safelisted(request, context, route);
    };
  },
};

function comesFrom(request: RequestView, context: Context, route: RouteRule, policy: Policy): Pass | Refusal {
  const { origin, secFetchSite } = request.headers;
  const listed = origin !== '' && listsOrigin(policy, route.client, origin, context.authority);
  if (origin !== '' && !listed && !isOwnForm(request, context)) {
    context.evidence = `Origin ${JSON.stringify(origin.slice(0, 200))}`;
    return ORIGIN;
  }
  switch (secFetchSite) {
    case 'same-origin':
      // A same-origin request names our own origin or none; anything else is a lie by one of the two.
      return listed && !policy.ownOrigins.has(origin) ? CONTRADICTION : PASS;
    case 'same-site':
    case 'cross-site':
      if (listed) return authorityOf(origin) === context.authority ? CONTRADICTION : PASS;
      context.evidence = `Sec-Fetch-Site: ${secFetchSite} without a listed Origin`;
      return SITE;
    case 'none':
      return context.carrier === 'navigation' ? PASS : CONTRADICTION;
    default:
      return withoutMetadata(request, context, route, policy, listed);
  }
}

const authorityOf = (origin: string): string => origin.slice(origin.indexOf('//') + 2);

/** A form of our own page under `Referrer-Policy: no-referrer` says `Origin: null` and `Sec-Fetch-Site: same-origin`. */
const isOwnForm = (request: RequestView, context: Context): boolean =>
  request.headers.origin === 'null' && context.carrier === 'form' && request.headers.secFetchSite === 'same-origin';

/** Plain HTTP, old browsers, WebSockets of Chromium: Origin decides; reads of our own pages may lack it (R24). */
function withoutMetadata(
  request: RequestView,
  context: Context,
  route: RouteRule,
  policy: Policy,
  listed: boolean,
): Pass | Refusal {
  if (listed) return PASS;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (reads && context.carrier !== 'socket') {
    if (route.level === 'proof' || route.level === 'session') return PASS;
    if (hasOwnReferer(request.headers.referer, policy)) return PASS;
  }
  context.evidence = 'neither Sec-Fetch-Site nor Origin';
  return NO_EVIDENCE;
}

function hasOwnReferer(referer: string, policy: Policy): boolean {
  const end = referer.indexOf('/', 'https://'.length);
  return end !== -1 && policy.ownOrigins.has(referer.slice(0, end));
}

/**
 * Below `proof`, where no signature covers them: what HTML forms and no-cors requests can send without a preflight
 * needs a custom header (R28), and their content types need to be listed (R29).
 */
function safelisted(request: RequestView, context: Context, route: RouteRule): Pass | Refusal {
  const type = mediaType(request.headers.contentType);
  const formLike =
    type === 'text/plain' || type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data';
  if (formLike && !route.contentTypes.includes(type) && !route.carriers.has('form')) {
    context.evidence = `Content-Type ${type}`;
    return CONTENT_TYPE;
  }
  if (context.carrier !== 'call' && context.carrier !== 'stream') return PASS;
  const { signatureInput, xRequestedWith } = request.headers;
  if (signatureInput !== '' || xRequestedWith !== '' || isJson(type)) return PASS;
  return CUSTOM_HEADER;
}

const isJson = (type: string): boolean => type === 'application/json' || type.endsWith('+json');

function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
