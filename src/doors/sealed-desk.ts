import type { Answer, Decision } from '../guard/decision.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import { problemAnswer } from '../guard/problem.ts';
import type { SealedDesk } from '../guard/sealed.ts';
import type { RequestView } from '../guard/view.ts';
import { CODES, type Code } from '../wire/codes.ts';
import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { HEADER_SEALED, SEALED_CALL_BYTES, SEALED_FIELDS, SEALED_PATH } from '../wire/sealed.ts';
import type { Random } from './random.ts';
import { createAnswerSeal } from './sealed-answer.ts';
import { openSealedCall, readShownSeal, type ShownSeal } from './sealed-call.ts';
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
 * Bytes of long calls that are being read, by all together and by one session: what is sealed cannot be judged before it is
 * here. Calls of up to 64 KiB are held as every route's are, and wait for nobody's uploads.
 */
const MOST_HELD = 64 * 1024 * 1024;
const MOST_HELD_BY_ONE = 4 * 1024 * 1024;

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

  async function read({ body }: RequestView, session: string): Promise<Uint8Array | 'too-large' | 'unsure'> {
    const { length } = body;
    if (length > SEALED_CALL_BYTES) return 'too-large';
    const bytes = length < 0 ? SEALED_CALL_BYTES : length;
    const isLong = bytes > HELD_BODY_BYTES;
    if (isLong && !held.take(session, bytes)) return 'unsure';
    try {
      return (await body.collect(SEALED_CALL_BYTES)) ?? 'too-large';
    } finally {
      if (isLong) held.give(session, bytes);
    }
  }

  return {
    takes: ({ method, target, headers }) =>
      method === 'POST' && headers.upgrade === '' && target === policy().mount + SEALED_PATH && policy().seals,
    async open(request) {
      const decision = await parts.decide(request, policy().sealedRoute);
      if (decision.outcome !== 'admit') return refuse(request, decision);
      const shown = shownBy(request);
      const ticket = shown === null ? null : tickets.openTicket(shown.ticket);
      if (shown === null || ticket === null) return refuse(request, refusedHere(decision, 'sealed', 'no seal shown'));
      if (typeof ticket === 'string') {
        const code = ticket === 'wrong-instance' ? ticket : 'stale';
        return refuse(request, refusedHere(decision, code, 'of its ticket'));
      }
      const body = await read(request, ticket.session);
      if (typeof body === 'string') return refuse(request, refusedHere(decision, body, 'of the sealed body'));
      const call = openSealedCall(ticket, shown, body);
      if (call === null || call.target.startsWith(`${policy().mount}/`))
        return refuse(request, refusedHere(decision, 'sealed', 'what its seal holds is no call'));
      return {
        ticket: ticket.id,
        method: call.method,
        target: call.target,
        fields: [...around(request), ...call.fields],
        body: call.body,
        seal: createAnswerSeal(ticket, shown.text, random),
      };
    },
  };
}

/** Counts what is being read. Holds as many sessions as are sending. */
function createHeld() {
  const bySession = new Map<string, number>();
  let all = 0;
  const add = (session: string, bytes: number): void => {
    const own = (bySession.get(session) ?? 0) + bytes;
    if (own === 0) bySession.delete(session);
    else bySession.set(session, own);
    all += bytes;
  };
  return {
    /** False where it is too much now. */
    take(session: string, bytes: number): boolean {
      if (all + bytes > MOST_HELD || (bySession.get(session) ?? 0) + bytes > MOST_HELD_BY_ONE) return false;
      add(session, bytes);
      return true;
    },
    give: (session: string, bytes: number): void => add(session, -bytes),
  };
}

/** The one field that shows the seal; null without it, and where there are several. */
function shownBy({ fields }: RequestView): ShownSeal | null {
  const found: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2)
    if (fields[at]?.toLowerCase() === HEADER_SEALED) found.push(fields[at + 1] ?? '');
  return found.length === 1 ? readShownSeal(found[0] ?? '') : null;
}

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
