import type { BehaviourAction, BehaviourRisk } from '../guard/behaviour.ts';
import { claimCaller } from '../guard/caller.ts';
import { type ChallengeDesk, type ChallengeRule, passedRule, SCORED } from '../guard/challenge.ts';
import { actionAt, type BehaviourRule } from '../guard/config-behaviour.ts';
import { addNote } from '../guard/context.ts';
import { PASS, type Refusal, refusal, type TicketFacts, type Verdict } from '../guard/decision.ts';
import type { Check, Context, Layer } from '../guard/layer.ts';
import { NO_ORDER } from '../guard/order.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { shownTicket } from '../guard/shown-ticket.ts';
import { bothUses, NO_USE, type UseRules } from '../guard/use.ts';
import type { RequestView } from '../guard/view.ts';
import { askingOf } from './challenge.ts';

/** No first failure shuts anybody out for longer (DESIGN §10). */
const REFUSED_MS = 60_000;
/** Size of the proof of work that is asked for: of 0 to 3. */
const WORK = 2;

const REFUSED: Refusal = refusal('behaviour', 'use as others use this app; a page load, or a minute, starts afresh');
const LOGIN: Refusal = refusal('login-required', 'a login: this session is used as hardly any other');

export interface BehaviourParts {
  readonly risk: BehaviourRisk;
  readonly desk: ChallengeDesk;
}

/**
 * Is the app used as it is used? What a session looks like was judged before, off the path of its calls; here policy says what
 * comes of it, and whatever is done says why. Only who signs is judged: a cookie alone may have been taken. Nobody is refused
 * for longer than a minute, and in a wave, when more look unusual than a few can be, nobody is refused at all.
 *
 * @param parts null where nothing is known of anybody, as in `sallyport check`
 */
export function createBehaviour(parts: BehaviourParts | null): Layer {
  return {
    name: 'behaviour',
    forRoute(route, policy) {
      const rule = policy.behaviour;
      if (rule === null || route.level === 'open' || route.level === 'site') return null;
      // At the gate's own addresses people log in and pass challenges.
      if (route === policy.ownRoute) return null;
      return parts === null ? () => PASS : checkOf(parts, rule, route, policy);
    },
  };
}

function checkOf(parts: BehaviourParts, rule: BehaviourRule, route: RouteRule, policy: Policy): Check {
  const { risk } = parts;
  const act: Acts = {
    note: () => PASS,
    limit: throttling(rule.throttle, route.use),
    challenge: challenging(parts.desk, route, policy),
    login: (_request, context, ticket) => (hasLogin(context, ticket) ? PASS : LOGIN),
    refuse: (_request, context, ticket) => refusedFor(risk, context, ticket),
  };
  return (request, context) => {
    const ticket = shownTicket(context);
    if (ticket === null) return PASS;
    const found = risk.riskOf(ticket);
    if (found === null) return PASS;
    const action = milder(actionAt(rule, found.odds), rule, risk.isWave);
    if (action === null) return PASS;
    if (found.refusedSince > 0 && context.now - found.refusedSince >= REFUSED_MS) {
      risk.forget(ticket);
      return PASS;
    }
    risk.acted(ticket, action, context.now);
    const why = `one in ${shownOdds(found.odds)} sessions looks like this: ${risk.reasonsOf(ticket)}`;
    const verdict = act[action](request, context, ticket);
    if (verdict === PASS) addNote(context, `behaviour (${action}): ${why}`);
    else context.evidence = why;
    return verdict;
  };
}

type Acts = Readonly<Record<BehaviourAction, (request: RequestView, context: Context, ticket: TicketFacts) => Verdict>>;

/** Where the app itself may have changed, what would be more than a limit is one, or a note where there is none. */
function milder(action: BehaviourAction | null, rule: BehaviourRule, isWave: boolean): BehaviourAction | null {
  if (!isWave || action === null || action === 'note') return action;
  return rule.actions.some((row) => row.action === 'limit') ? 'limit' : 'note';
}

/** Two figures: the model tells no more. */
function shownOdds(odds: number): string {
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(odds)) - 1);
  return (Math.round(odds / digits) * digits).toLocaleString('en');
}

/** One rate more, for this session, over all routes together. */
function throttling(throttle: UseRules, use: UseRules): Acts['limit'] {
  const both = bothUses(throttle, use);
  return (_request, context) => {
    claimCaller(context);
    const { claims } = context;
    // The route's own limits are in these claims, or where they are reported apart, in others.
    claims.use = use !== NO_USE && claims.use === use ? both : throttle;
    claims.prefix = context.prefix;
    return PASS;
  };
}

/** As an `auto` challenge of the route's own; what asks at each call need not be asked for twice. */
function challenging(desk: ChallengeDesk, route: RouteRule, policy: Policy): Acts['challenge'] {
  const { challenge } = policy;
  if (challenge === null || route.challenge?.when === 'always') return () => PASS;
  const kind = route.challenge?.kind ?? policy.config.challenge?.kind ?? 'proof-of-work';
  const strength = SCORED.has(kind) ? (route.challenge?.strength ?? 50) : WORK;
  const rule: ChallengeRule = { when: 'auto', action: route.name, kind, strength };
  const way = { kind, strength };
  return (request, context) => {
    context.ask = askingOf(desk, request, context, { rule, way, reasons: 'behaviour' });
    claimCaller(context);
    const { claims } = context;
    const passed = passedRule(way, challenge.remember);
    claims.orders = claims.orders === NO_ORDER ? [passed] : [...claims.orders, passed];
    return PASS;
  };
}

const hasLogin = ({ subject }: Context, ticket: TicketFacts): boolean => subject !== null || ticket.loginEpoch !== 0;

/** Until a minute has passed since the first time. */
function refusedFor(risk: BehaviourRisk, context: Context, ticket: TicketFacts): Refusal {
  const since = risk.riskOf(ticket)?.refusedSince ?? context.now;
  context.retryAfter = Math.ceil((since + REFUSED_MS - context.now) / 1000);
  return REFUSED;
}
