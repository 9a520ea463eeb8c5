import type { Answer, Decision } from '../guard/decision.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { problemAnswer } from '../guard/problem.ts';
import type { SealedDesk } from '../guard/sealed.ts';
import type { RequestView } from '../guard/view.ts';
import { CODES, type Code } from '../wire/codes.ts';
import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { HEADER_SEALED, SEALED_CALL_BYTES, SEALED_FIELDS, SEALED_PATH } from '../wire/sealed.ts';
import type { SealedCall } from '../wire/sealed-call.ts';
import type { OpenTicket } from './open-ticket.ts';
import type { Random } from './random.ts';
import { createAnswerSeal } from './sealed-answer.ts';
import { createHeld } from './sealed-held.ts';
import { openSealedCall, type ShownSeal, shownSealIn } from './sealed-call.ts';
import type { Tickets } from './ticket.ts';

export interface SealedDeskParts {
  readonly policy: () => Policy;
  readonly tickets: Tickets;
  readonly random: Random;
  readonly wall: () => number;
  /** The runner: judges by the rule given. */
  readonly decide: (request: RequestView, route: RouteRule) => Decision | Promise<Decision>;
  /** Told of every decision when it is final. */
  readonly decided: (decision: Decision, request: RequestView) => void;
}

/**
 * Opens sealed calls before anything is judged that they hold. What the request around a call says of itself is judged
 * first, as at the second door, and no byte of its body is read for whoever shows no ticket. Whatever is wrong with a seal
 * or in it is one refusal: nobody learns by trying.
 */
export function createSealedDesk(parts: SealedDeskParts): SealedDesk {
  const { policy, tickets, random } = parts;
  const held = createHeld();

  const refuse = (request: RequestView, decision: Decision): Answer => {
    parts.decided(decision, request);
    return problemAnswer(decision, policy().mount, parts.wall());
  };

  /** Calls of up to 64 KiB are held as every route's are, and wait for nobody's uploads. */
  function hold({ body }: RequestView, session: string, prefix: string): (() => void) | 'too-large' | 'unsure' {
    const bytes = body.length < 0 ? SEALED_CALL_BYTES : body.length;
    if (bytes > SEALED_CALL_BYTES) return 'too-large';
    return bytes > HELD_BODY_BYTES ? (held.take(session, prefix, bytes) ?? 'unsure') : nothing;
  }

  async function opened(request: RequestView, ticket: OpenTicket, shown: ShownSeal): Promise<SealedCall | Code> {
    const body = await request.body.collect(SEALED_CALL_BYTES);
    if (body === null) return 'too-large';
    const call = openSealedCall(ticket, shown, body);
    return call === null || call.target.startsWith(`${policy().mount}/`) ? 'sealed' : call;
  }

  return {
    takes: ({ method, target, headers }) =>
      method === 'POST' && headers.upgrade === '' && target === policy().mount + SEALED_PATH && policy().seals,
    async open(request) {
      const begun = parts.wall();
      const decision = await parts.decide(request, policy().sealedRoute);
      if (decision.outcome !== 'admit') return refuse(request, decision);
      const shown = shownSealIn(request.fields);
      const ticket = shown === null ? null : tickets.openTicket(shown.ticket);
      if (shown === null || ticket === null) return refuse(request, refusedHere(decision, 'sealed', 'no seal shown'));
      if (typeof ticket === 'string') {
        const code = ticket === 'wrong-instance' ? ticket : 'stale';
        return refuse(request, refusedHere(decision, code, 'of its ticket'));
      }
      const release = hold(request, ticket.session, decision.prefix);
      if (typeof release === 'string') return refuse(request, refusedHere(decision, release, 'of the sealed body'));
      let call: SealedCall | Code = 'unsure';
      try {
        call = await opened(request, ticket, shown);
      } finally {
        if (typeof call === 'string') release();
      }
      if (typeof call === 'string') return refuse(request, refusedHere(decision, call, 'of what its seal holds'));
      return {
        ticket: ticket.id,
        method: call.method,
        target: call.target,
        fields: [...around(request), ...call.fields],
        body: call.body,
        begun,
        release,
        seal: createAnswerSeal(ticket, shown.text, random),
      };
    },
  };
}

const nothing = (): void => {};

/**
 * Of the request around a call what its browser, and any proxy, says of who sends it. What speaks of its body speaks of the
 * seal's; and an answer that were compressed could not be read once it is sealed.
 */
function around({ fields }: RequestView): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!OF_THE_SEAL.has(name.toLowerCase().replaceAll('_', '-'))) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

const OF_THE_SEAL: ReadonlySet<string> = new Set([
  ...SEALED_FIELDS,
  ...['content-length', 'transfer-encoding', 'trailer', 'te', 'expect', 'accept-encoding', HEADER_SEALED],
]);

function refusedHere(decision: Decision, code: Code, evidence: string): Decision {
  const step = { layer: 'sealed', code, enforced: true, evidence, wouldPass: CODES[code].detail };
  return { ...decision, outcome: 'refuse', code, layer: 'sealed', trail: [...decision.trail, step] };
}
