import { carrierOf } from './carrier.ts';
import { newContext } from './context.ts';
import type { Decision } from './decision.ts';
import { createSiblings, type FormQuestion, type FormRules, formQuestion } from './form/question.ts';
import { bothOf, namedMethods, remembered } from './methods.ts';
import { compose, NOTHING_RESTORED, type Pipeline, type RestoredLayers } from './pipeline.ts';
import type { Policy, RouteRule } from './policy.ts';
import { Run } from './run.ts';
import type { RunCase, RunnerParts } from './run-parts.ts';
import type { RequestView } from './view.ts';

export interface Runner {
  /** Judges one request for the rule that the policy has for it, or for the one given. Never throws. */
  decide(request: RequestView, route?: RouteRule): Decision | Promise<Decision>;
}

/** Pipelines that are kept, at most; a policy of more rules keeps its own and composes the rest each time. */
const MOST_PIPELINES = 4096;

/** What is known of nearly all requests besides themselves: nothing. */
const ALONE: RunCase = Object.freeze({
  form: null,
  body: null,
  spent: Object.freeze([]),
  judge: () => {
    throw new TypeError('only a form leads to another rule');
  },
});

/** Composes the pipelines of a policy. The order of `layers` is the order of admission. */
export function createRunner(policy: Policy, parts: RunnerParts, restored: RestoredLayers = NOTHING_RESTORED): Runner {
  const pipelines = new Map<RouteRule, Pipeline>();
  for (const route of [...policy.routes, policy.mountRoute, policy.ownRoute, policy.sealedRoute, policy.assetRoute])
    pipelines.set(route, compose(policy, route, parts.layers, restored));
  const methods = new Set(policy.routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
  const observers = parts.layers.filter((layer) => layer.observe !== undefined);

  /** A rule that was put together of two, for the rare request that names its own method. */
  const composeLate = (route: RouteRule): Pipeline => {
    const pipeline = compose(policy, route, parts.layers, restored);
    if (pipelines.size < MOST_PIPELINES) pipelines.set(route, pipeline);
    return pipeline;
  };
  const both = remembered(bothOf);
  const named = {
    policy,
    both,
    methods: [...methods].filter((method) => method !== '' && method !== 'POST'),
  };
  const forms: FormRules = { ...named, siblingsOf: createSiblings(named) };

  const judge = (request: RequestView, preflight: boolean, route: RouteRule, now: number, about: RunCase) => {
    const pipeline = pipelines.get(route) ?? composeLate(route);
    const context = newContext(policy, route, carrierOf(request), request, now);
    // What was admitted once has been observed.
    const run = new Run(request, context, pipeline, parts, about.spent.length === 0 ? observers : [], about);
    return run.layers(preflight ? pipeline.preflight : pipeline.steps, 0);
  };
  /** A request whose body may name another method. */
  const askedOf = (request: RequestView, form: FormQuestion): RunCase => ({
    ...ALONE,
    form,
    judge: (rule, known, now) => judge(request, false, rule, now, { ...ALONE, ...known }),
  });

  return {
    decide(request, given) {
      const preflight = isPreflight(request);
      const route = given ?? ruleFor(policy, methods, both, request, preflight);
      const form = given === undefined && !preflight ? formQuestion(forms, request, route) : null;
      return judge(request, preflight, route, parts.wall(), form === null ? ALONE : askedOf(request, form));
    },
  };
}

/**
 * A preflight is made by the browser, names its method in a field and carries neither credentials nor content (Fetch
 * §4.8). What brings any is an OPTIONS request like others.
 */
function isPreflight(request: RequestView): boolean {
  const { headers } = request;
  return (
    request.method === 'OPTIONS' &&
    headers.origin !== '' &&
    headers.accessControlRequestMethod !== '' &&
    headers.cookie === '' &&
    headers.authorization === '' &&
    request.body.length === 0
  );
}

/**
 * Frameworks that know `_method` serve the method it names, all others the one on the request line. Policy cannot know
 * which is behind it, so the request has to meet whichever rule asks for more.
 */
function ruleFor(
  policy: Policy,
  methods: ReadonlySet<string>,
  both: typeof bothOf,
  request: RequestView,
  preflight: boolean,
): RouteRule {
  const { path, folded } = request;
  if (preflight) return policy.match(request.headers.accessControlRequestMethod, path, folded);
  let rule = policy.match(request.method, path, folded);
  for (const method of namedMethods(request, methods)) rule = both(rule, policy.match(method, path, folded));
  return rule;
}
