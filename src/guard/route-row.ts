import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { parseRoute } from '../wire/pattern.ts';
import { baseRule, clientNamed, DEFAULT_MAX_BODY, type Ground } from './base-rule.ts';
import { levelOf } from './carrier.ts';
import { compileCedarQuestion } from './cedar-question.ts';
import { compileChallenge } from './challenge.ts';
import { compileChoices } from './choices.ts';
import type { RouteConfig } from './config.ts';
import { routeAddresses } from './config-addresses.ts';
import { compileCosts } from './config-budget.ts';
import { asksForPerson, asksForToken } from './config-person.ts';
import { compileUse } from './config-use.ts';
import { compileCreator } from './creator.ts';
import type { Carrier } from './decision.ts';
import { compileOrder, compileStep, NO_STEPS } from './order.ts';
import { compileOwner } from './owner.ts';
import type { RouteRule, UserRule } from './policy.ts';
import { shareFrom } from './rollout.ts';
import { isSealed } from './config-sealed.ts';
import { opaqueTester, type Row, tester } from './row-match.ts';
import { compileServed, compileSources } from './served.ts';

/** The row of a route that the configuration names. */
export function routeRow(ground: Ground, route: RouteConfig, index: number): Row {
  const { method, pattern } = parseRoute(route.match);
  const step = compileStep(ground.config, route.match);
  const schemas = ground.schemas.of(route, index);
  const wide = ground.config.maxBody ?? DEFAULT_MAX_BODY;
  const rule = baseRule(ground, {
    name: route.match,
    method,
    pattern,
    named: true,
    level: levelOf(route),
    carriers: new Set<Carrier>(route.carriers ?? []),
    bodySigned: route.body !== 'unsigned',
    encodedOpaque: route.encoded === 'opaque',
    sealed: isSealed(ground.config, route),
    sync: new Set(route.sync ?? []),
    client: clientNamed(ground.clients, route.client ?? 'default'),
    mode: route.mode ?? ground.mode,
    rollout: shareFrom(route.rollout, shareFrom(ground.config.rollout)),
    maxBody: route.maxBody ?? (schemas.some(({ body }) => body !== null) ? HELD_BODY_BYTES : wide),
    contentTypes: (route.contentTypes ?? []).map((type) => type.toLowerCase()),
    signed: route.signed ?? [],
    user: userRule(route),
    keys: route.keys ?? null,
    keySignUp: route.keys === undefined ? '' : (ground.config.keys?.signUp ?? ''),
    bots: route.bots === true,
    antiForgery: asksForToken(route, ground.config),
    addresses: routeAddresses(ground.addresses, route),
    use: compileUse(ground.config, route, levelOf(route)),
    choices: compileChoices(route),
    degrade: route.degrade ?? null,
    costs: compileCosts(ground.config, route),
    challenge: compileChallenge(ground.config, route),
    orders: compileOrder(route),
    steps: step === null ? NO_STEPS : [step],
    served: compileServed(route),
    sources: compileSources(ground.config, route.match),
    schemas,
    whenUnsure: route.whenUnsure ?? ground.config.whenUnsure ?? 'reads',
  });
  const reachesFewer = rule.rollout < shareFrom(ground.config.rollout);
  const opens = ground.config.sealed === true && !rule.sealed;
  const exact = opens || weakens(rule) || route.mode === 'report' || reachesFewer || !ground.loose;
  return { rule, exact, test: rule.encodedOpaque ? opaqueTester(pattern) : tester(pattern, exact) };
}

/** Whether a rule asks for less than `protect` would: then only the exact bytes may choose it. */
function weakens(rule: RouteRule): boolean {
  const { level, bodySigned, encodedOpaque, sync, keys } = rule;
  return level !== 'proof' || !bodySigned || encodedOpaque || sync.size > 0 || keys !== null || rule.bots;
}

/** Roles, scopes and questions all speak of a person, so each of them asks for a login. */
function userRule(route: RouteConfig): UserRule | null {
  if (!asksForPerson(route)) return null;
  const { user, roles = [], scopes = [], can = null, owner, creator, cedar } = route;
  const { maxAge = 0, acr = [] } = typeof user === 'object' ? user : {};
  return Object.freeze({
    roles,
    scopes,
    maxAge,
    acr,
    can,
    owner: owner === undefined ? null : compileOwner(owner),
    creator: creator === undefined ? null : compileCreator(creator, route.match),
    cedar: cedar === undefined ? null : compileCedarQuestion(cedar),
  });
}
