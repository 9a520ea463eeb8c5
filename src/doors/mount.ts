import { hash, timingSafeEqual } from 'node:crypto';
import type { Answer, Decision, StreamDigest } from '../guard/decision.ts';
import { PAGE_POLICY, toPage } from '../guard/page.ts';
import type { BrowserSession, Endpoint } from '../guard/endpoint.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { problemAnswer } from '../guard/problem.ts';
import { IncompleteBody, type RequestView } from '../guard/view.ts';
import { CODES, type Code } from '../wire/codes.ts';
import { ENTRY_REQUEST_BYTES } from '../wire/entry.ts';
import { SEALED_PATH } from '../wire/sealed.ts';
import type { Enter, EntryResult } from './entry.ts';
import type { Script } from './script.ts';
import { scriptPolicy } from './script-policy.ts';

export interface MountParts {
  readonly policy: () => Policy;
  readonly script: () => Script;
  readonly enter: Enter;
  /** What identity sources answer here. */
  readonly endpoints: readonly Endpoint[];
  /** The browser's session, by its cookie. */
  readonly sessionOf: (request: RequestView) => Promise<BrowserSession | null>;
  /** The runner: judges by the rule given. */
  readonly decide: (request: RequestView, route: RouteRule) => Decision | Promise<Decision>;
  /** Told of every decision when it is final. */
  readonly decided: (decision: Decision, request: RequestView) => void;
  readonly wall: () => number;
}

/** What the guard answers itself: the second door, the script, its configuration, and the page of codes. */
export function createMount(parts: MountParts): (request: RequestView) => Promise<Answer> {
  const endpoints = Map.groupBy(parts.endpoints, ({ path }) => path);
  return async (request) => {
    const policy = parts.policy();
    const there = endpoints.get(request.path.slice(policy.mount.length)) ?? [];
    const endpoint = there.find(({ method }) => method === methodOf(request));
    if (endpoint !== undefined) return ask(parts, policy, endpoint, request);
    const entering = request.path === `${policy.mount}/enter`;
    const sealing = policy.seals && request.path === policy.mount + SEALED_PATH;
    const rule = entering ? policy.mountRoute : sealing ? policy.sealedRoute : policy.assetRoute;
    const decision = await parts.decide(request, rule);
    if (decision.outcome !== 'admit') return refuse(parts, request, decision);
    if (decision.answer !== null) return decision.answer;
    const found = entering || sealing ? null : asset(parts, policy, request, decision);
    const methods = entering || sealing ? ['POST'] : found === null ? there.flatMap(methodsOf) : READING;
    if (methods.length === 0) return nothingHere();
    if (!methods.includes(request.method)) return refuse(parts, request, refusedMethod(decision, methods));
    // Those that hold a call were opened before they came here.
    if (sealing) return refuse(parts, request, refusedHere(decision, 'sealed', 'no sealed call', 'sealed'));
    return found ?? enter(parts, request, decision);
  };
}

const READING = ['GET', 'HEAD'];

const methodsOf = ({ method }: Endpoint): readonly string[] => (method === 'GET' ? READING : [method]);

/** HEAD is answered as GET (RFC 9110 §9.3.2); a preflight is judged as the call that it asks for. */
function methodOf({ method, headers }: RequestView): string {
  const asked =
    method === 'OPTIONS' && headers.accessControlRequestMethod !== '' ? headers.accessControlRequestMethod : method;
  return asked === 'HEAD' ? 'GET' : asked;
}

/** In every mode: who may log somebody in or out is not for a trial to find out. */
async function ask(parts: MountParts, policy: Policy, endpoint: Endpoint, request: RequestView): Promise<Answer> {
  const routes = { open: policy.assetRoute, site: policy.mountRoute, proof: policy.ownRoute };
  const decision = await parts.decide(request, routes[endpoint.asks]);
  if (decision.incomplete === true) throw new IncompleteBody('the client went away');
  if (decision.outcome !== 'admit') return refuse(parts, request, decision);
  if (decision.answer !== null) return decision.answer;
  // Named like a preflight, and none: it asks for nothing that anybody answers.
  if (!methodsOf(endpoint).includes(request.method))
    return refuse(parts, request, refusedMethod(decision, methodsOf(endpoint)));
  const [first] = decision.trail;
  if (first !== undefined && endpoint.asks !== 'open') {
    return refuse(parts, request, { ...decision, outcome: 'refuse', code: first.code, layer: first.layer });
  }
  const body = decision.body ?? (await request.body.collect(endpoint.maxBody));
  if (body === null || body.length > endpoint.maxBody) {
    return refuse(parts, request, refusedHere(decision, 'too-large', 'body too large'));
  }
  // A body of unknown length comes after the decision, and the proof covers it all the same, in every mode.
  const covered = endpoint.asks !== 'proof' || request.body.length >= 0;
  if (decision.streamDigest === null ? !covered : !fitsDigest(body, decision.streamDigest))
    return refuse(parts, request, refusedHere(decision, 'digest', 'another body than the one that was signed'));
  try {
    const session = await parts.sessionOf(request);
    const answer = await endpoint.answer({ request, body, decision, session });
    const { refused } = answer;
    parts.decided(refused === undefined ? decision : refusedHere(decision, refused.code, refused.evidence), request);
    return { ...answer, fields: [...answer.fields, ...decision.responseFields] };
  } catch (error) {
    const evidence = `fault: ${error instanceof Error ? error.name : 'unknown'}`;
    return refuse(parts, request, refusedHere(decision, 'unsure', evidence));
  }
}

/** Bodies here are shorter than a slice: what is signed in slices is none that a page of ours sends. */
const fitsDigest = (body: Uint8Array, { kind, sha256 }: StreamDigest): boolean =>
  kind === 'whole' && timingSafeEqual(hash('sha256', body, 'buffer'), sha256);

function refusedHere(decision: Decision, code: Code, evidence: string, layer = 'identity'): Decision {
  const step = { layer, code, enforced: true, evidence, wouldPass: CODES[code].detail };
  return { ...decision, outcome: 'refuse', code, layer, trail: [...decision.trail, step] };
}

/** RFC 9110 §15.5.6: with the methods that are taken. */
function refusedMethod(decision: Decision, allow: readonly string[]): Decision {
  const refused = refusedHere(decision, 'method', `${allow.join(', ')} alone`);
  return { ...refused, route: { ...decision.route, allow } };
}

function refuse(parts: MountParts, request: RequestView, decision: Decision): Answer {
  parts.decided(decision, request);
  return problemAnswer(decision, parts.policy().mount, parts.wall());
}

async function enter(parts: MountParts, request: RequestView, decision: Decision): Promise<Answer> {
  const body = await request.body.collect(ENTRY_REQUEST_BYTES);
  if (body === null) return refuse(parts, request, refusedEntry(decision, 'too-large', 'body too large', 0));
  const { authority, prefix, secure } = decision;
  const origin = request.headers.origin || `${secure ? 'https' : 'http'}://${authority}`;
  let result: EntryResult;
  try {
    result = await parts.enter(request, body, { origin, authority, prefix, unlimited: decision.key !== null });
  } catch (error) {
    // Nobody comes in while state is away: whoever is in goes on as far as `whenUnsure` lets them.
    const evidence = `fault: ${error instanceof Error ? error.name : 'unknown'}`;
    return refuse(parts, request, refusedEntry(decision, 'unsure', evidence, 1));
  }
  if (result.kind === 'refuse') {
    const refused = refusedEntry(decision, result.code, result.evidence, result.retryAfter);
    const answer = refuse(parts, request, { ...refused, challenge: result.challenge ?? null });
    return { ...answer, fields: [...answer.fields, ...result.cookies.flatMap((cookie) => ['set-cookie', cookie])] };
  }
  parts.decided(result.note === undefined ? decision : { ...decision, note: result.note }, request);
  return { ...result.answer, fields: [...result.answer.fields, ...decision.responseFields] };
}

/** An entry is refused in every mode: a script that cannot enter sends its calls unsigned, and the mode decides them. */
function refusedEntry(decision: Decision, code: Code, evidence: string, retryAfter: number): Decision {
  const step = { layer: 'entry', code, enforced: true, evidence, wouldPass: CODES[code].detail };
  return { ...decision, outcome: 'refuse', code, layer: 'entry', retryAfter, trail: [...decision.trail, step] };
}

/** Null where nothing has this name. */
function asset(parts: MountParts, policy: Policy, request: RequestView, decision: Decision): Answer | null {
  const script = parts.script().serve(request.path, request.headers.saveData.toLowerCase() === 'on');
  if (script !== null) return script;
  switch (request.path) {
    case `${policy.mount}/config.json`:
      return configuration(policy, request, decision);
    case `${policy.mount}/codes`:
      return { status: 200, fields: HTML, body: CODES_PAGE };
    default:
      return null;
  }
}

/** For frontends that bundle the script (`sallyport/browser`) and live elsewhere. Public, as the script is. */
function configuration(policy: Policy, request: RequestView, decision: Decision): Answer {
  const client = new URLSearchParams(request.query).get('client') ?? 'default';
  if (!policy.clients.has(client)) return nothingHere();
  const fields = ['content-type', 'application/json', 'cache-control', 'no-cache', 'access-control-allow-origin', '*'];
  return {
    status: 200,
    fields: [...fields, 'x-content-type-options', 'nosniff'],
    body: JSON.stringify({ ...scriptPolicy(policy, client), authority: decision.authority, chunks: '' }),
  };
}

const HTML = [
  'content-type',
  'text/html; charset=utf-8',
  'cache-control',
  'no-cache',
  'x-content-type-options',
  'nosniff',
  'content-security-policy',
  PAGE_POLICY,
];

const nothingHere = (): Answer => ({
  status: 404,
  fields: [
    'content-type',
    'text/plain; charset=utf-8',
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ],
  body: 'Nothing here.\n',
});

/** The doc page that `type` and `docs` of every refusal lead to. */
const CODES_PAGE = toPage(
  'What a refusal means',
  `<p>Whoever runs this server sees why by <code>sallyport why ID</code>, with the id that stands in the answer.</p>
<dl>
${Object.entries(CODES)
  .map(
    ([code, row]) =>
      `<dt id="${code}"><strong>${code}</strong> (${row.status})</dt><dd>${row.title}. ${row.detail}</dd>`,
  )
  .join('\n')}
</dl>`,
);
