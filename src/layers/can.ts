import type { Ask, Reply } from '../guard/ask.ts';
import { toCanRequest } from '../guard/can-request.ts';
import type { Can } from '../guard/config.ts';
import { PASS, refusal, type Verdict } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import type { OwnerRule } from '../guard/owner.ts';
import { compileParams, type Params } from '../guard/params.ts';
import type { RouteRule } from '../guard/policy.ts';
import type { Subject } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';
import { TimeoutError, within } from '../lib/within.ts';
import { pathTrouble } from '../wire/fold.ts';

const LOGIN = refusal('login-required', 'a person who is logged in');
const CANNOT = refusal('forbidden', '`true` from the route’s `can`');
const NOT_OWNER = refusal('forbidden', 'the object’s owner, as the backend says');
const UNCLEAR = refusal('forbidden', 'a path whose `:names` can be told for certain');
const SLOW = refusal('unsure', 'an answer of the route’s `can` within 5 s');
const UNSURE = refusal('unsure', 'a backend that says who owns the object');
const NO_BACKEND = refusal('unsure', 'a gate: nothing else here can ask the backend');

const PATIENCE_MS = 5000;

export interface CanParts {
  /** Asks the backend; null where there is none to ask. */
  readonly ask: Ask | null;
  /** Milliseconds that `can` may take. Default 5000. */
  readonly patienceMs?: number;
}

/**
 * May they do this to this object? The app's own answer, and the backend's word on whose it is. Comes after the commit: a
 * replayed request asks nobody anything. Only a clear yes admits. A key in place of a person is not asked: it stands by
 * its scopes.
 */
export function createCan({ ask, patienceMs = PATIENCE_MS }: CanParts): Layer {
  return {
    name: 'can',
    stage: 'after-commit',
    everyRule: true,
    forRoute: (route) => {
      const { user } = route;
      if (user === null || (user.can === null && user.owner === null)) return null;
      const { can, owner } = user;
      const paramsOf = compileParams(route.pattern);
      return async (request, context) => {
        const { subject, key } = context;
        if (subject === null) return key === null ? LOGIN : PASS;
        const params = paramsOf(request.path);
        if (params === null) return UNCLEAR;
        const call: Call = { route, request, context, subject, params };
        const verdict = can === null ? PASS : await answered(can, call, patienceMs);
        return verdict === PASS && owner !== null ? owned(ask, owner, call) : verdict;
      };
    },
  };
}

interface Call {
  readonly route: RouteRule;
  readonly request: RequestView;
  readonly context: Context;
  readonly subject: Subject;
  readonly params: Params;
}

/** A throw is a fault, and the guard refuses by itself. */
async function answered(can: Can, { subject, request, context, params }: Call, patienceMs: number): Promise<Verdict> {
  try {
    const answer: unknown = await within(can(subject, toCanRequest(request, context, params)), patienceMs);
    return answer === true ? PASS : CANNOT;
  } catch (error) {
    if (error instanceof TimeoutError) return SLOW;
    throw error;
  }
}

async function owned(ask: Ask | null, owner: OwnerRule, call: Call): Promise<Verdict> {
  const { subject, params, request, context, route } = call;
  if (owner.source !== '' && owner.source !== subject.source) return NOT_OWNER;
  if (ask === null) return NO_BACKEND;
  const path = owner.path(params);
  if (!route.encodedOpaque && pathTrouble(path) !== '') return UNCLEAR;
  let reply: Reply;
  try {
    reply = await ask({ path, request, context, fields: owner.fields });
  } catch (error) {
    context.evidence = `the backend on GET ${path}: ${error instanceof Error ? error.name : 'unreachable'}`;
    return UNSURE;
  }
  if (DENIALS.has(reply.status)) return NOT_OWNER;
  if (reply.status !== 200 || reply.json === undefined) {
    context.evidence = `the backend on GET ${path}: status ${reply.status}${reply.status === 200 ? ' without JSON' : ''}`;
    return UNSURE;
  }
  return owner.fits(reply.json, subject, params) ? PASS : NOT_OWNER;
}

/** What is not there, or not for this person, is not theirs: nobody learns which. */
const DENIALS: ReadonlySet<number> = new Set([401, 403, 404, 410]);
