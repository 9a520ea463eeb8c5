import {
  type Asking,
  type ChallengeDesk,
  type ChallengeRule,
  passedRule,
  type RiskBook,
  type Way,
} from '../guard/challenge.ts';
import { BAN_CODES } from '../guard/ban-codes.ts';
import { claimCaller } from '../guard/caller.ts';
import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { NO_ORDER } from '../guard/order.ts';
import { labelOf } from '../guard/session-label.ts';
import { shownTicket } from '../guard/shown-ticket.ts';
import type { Emergency } from '../guard/unsure.ts';
import type { RequestView } from '../guard/view.ts';
import { failureOf } from './ban-rule.ts';

const ASKED: Refusal = Object.freeze({ ...refusal('challenge', 'the solution of a challenge'), kind: 'challenge' });
const UNSURE = refusal('unsure', 'somebody who can say whether the solution is one');

export interface ChallengeParts {
  readonly desk: ChallengeDesk;
  readonly risk: RiskBook;
  /** What goes on while nobody can say whether a solution is one; nothing without it. */
  readonly emergency?: Emergency;
}

/**
 * Asks for a further step. `always`: each call brings the solution of a challenge that was given to this session, for this
 * route and for the call's own counter, so that the commit uses it up with the counter. `auto`: where something speaks for
 * it, claims that the session has passed lately. To ask costs one seal, and nothing the client says of what it can or cannot
 * do is believed.
 */
export function createChallenge(parts: ChallengeParts | null): Layer {
  return {
    name: 'challenge',
    forRoute: ({ challenge: rule }, { challenge: policy }) => {
      if (rule === null || policy === null) return null;
      if (parts === null) return () => UNSURE;
      const { desk, risk } = parts;
      const always = rule.when === 'always';
      return (request, context) => {
        if (context.key !== null) return PASS;
        const ticket = shownTicket(context);
        // Without a proof there is nobody to ask: where one is asked for, the call has been refused already.
        if (ticket === null) return always ? ASKED : PASS;
        const found = risk.of(labelOf(ticket.session), context.now / 1000 - ticket.sessionCreated);
        if (!always && found.strength < 0) return PASS;
        const way = { kind: rule.kind, strength: strengthOf(rule, found.strength) };
        context.ask = askingOf(desk, request, context, { rule, way, reasons: found.reasons });
        if (always) return bring(desk, request, context, rule);
        claimCaller(context);
        const { claims } = context;
        const passed = passedRule(way, policy.remember);
        claims.orders = claims.orders === NO_ORDER ? [passed] : [...claims.orders, passed];
        return PASS;
      };
    },
    observe(request, context, refused) {
      const { ticket, claims } = context;
      if (parts === null || ticket === null || context.policy.challenge === null) return;
      const { risk } = parts;
      const { tightest, left } = claims.used;
      if (tightest !== null && left * 2 * tightest.interval < tightest.depth) risk.usedUp(labelOf(ticket.session));
      if (refused === null || !BAN_CODES[refused.code].counts) return;
      const failure = failureOf(request, context, refused.code);
      if (failure !== null) risk.failed(failure.holder, failure.proof);
    },
  };
}

/** Proof of work asks for more where more speaks for it; a score is what the route says. */
const strengthOf = (rule: ChallengeRule, risk: number): number =>
  rule.kind === 'proof-of-work' ? Math.max(rule.strength, risk, 0) : rule.strength;

/** What a refusal would ask for; null where the call cannot be made again with its counter. */
export function askingOf(
  desk: ChallengeDesk,
  request: RequestView,
  { proof }: Context,
  { rule, way, reasons }: { rule: ChallengeRule; way: Way; reasons: string },
): Asking | null {
  // A call that was redirected here cannot be made again with this counter, and so is asked for nothing.
  if (proof === null) return null;
  const { ticket, nonce } = proof;
  const bond = { session: ticket.session, holder: ticket.id, counter: nonce, action: rule.action };
  const how = { shared: rule.when === 'auto', saving: request.headers.saveData.toLowerCase() === 'on' };
  return { reasons, member: () => desk.ask(way, bond, how) };
}

function bring(desk: ChallengeDesk, request: RequestView, context: Context, rule: ChallengeRule): Pass | Refusal {
  const text = request.headers.sallyportChallenge;
  const { proof } = context;
  if (text === '' || proof === null) return ASKED;
  const { ticket, nonce } = proof;
  const bond = { session: ticket.session, holder: ticket.id, counter: nonce, action: rule.action };
  const brought = desk.open(text, bond);
  if (typeof brought === 'string') {
    context.evidence = brought;
    return ASKED;
  }
  if (brought.earns.kind !== rule.kind || brought.earns.strength < rule.strength) {
    context.evidence = 'asked under another rule';
    return ASKED;
  }
  context.brought = brought;
  return PASS;
}
