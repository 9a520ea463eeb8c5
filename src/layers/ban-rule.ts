import type { Failure } from '../guard/ban-rule.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { labelOf } from '../guard/session-label.ts';
import { subjectName } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';

/**
 * Hears of refusals, and tells the rule of those that whoever is named has signed. Refuses nothing itself: what comes of it
 * is the ban layer's.
 */
export function createBanRule(failed: (failure: Failure) => void): Layer {
  return {
    name: 'ban-rule',
    forRoute: () => null,
    observe(request, context, refused) {
      if (refused === null || context.policy.bans?.codes.has(refused.code) !== true) return;
      const failure = failureOf(request, context, refused.code);
      if (failure !== null) failed(failure);
    },
  };
}

/** Null where nobody is known to have signed this very request. A cookie alone may have been taken. */
export function failureOf(request: RequestView, context: Context, what: string): Failure | null {
  const { ticket, proof, key, prefix, level } = context;
  const subject = context.subject === null ? '' : subjectName(context.subject);
  if (ticket !== null && proof !== null && level === 'proof' && !proof.repeatable) {
    const by = { kind: 'session', holder: labelOf(ticket.session) } as const;
    return { ...by, proof: `${ticket.id} ${proof.nonce}`, subject, prefix, what };
  }
  // Tests and bots have no ban of their own.
  if (key === null || key.id === 'test-pass' || key.id.startsWith('bot:')) return null;
  // A signature stands for one call; whoever sends a bearer key has the key.
  const once = request.headers.signature || `${context.now} ${++calls}`;
  return { kind: 'key', holder: key.id, proof: once, subject: '', prefix, what };
}

let calls = 0;
