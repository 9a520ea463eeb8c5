import { sessionOf } from '../guard/caller.ts';
import { pageHost } from '../guard/challenge.ts';
import { addNote } from '../guard/context.ts';
import { PASS, type Pass, type Refusal, refusal } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import type { RequestView } from '../guard/view.ts';
import type { ChallengeParts } from './challenge.ts';

const UNSOLVED: Refusal = Object.freeze({ ...refusal('challenge', 'a solution that is one'), kind: 'challenge' });
const UNSURE = refusal('unsure', 'somebody who can say whether the solution is one');

/**
 * Whether what `always` was brought is a solution: asked once the counter that it is bound to has been used up, so that one
 * solution is looked at once, however often it is sent.
 */
export function createSolution(parts: ChallengeParts | null): Layer {
  return {
    name: 'challenge',
    stage: 'after-commit',
    forRoute: ({ challenge }) => {
      if (challenge?.when !== 'always') return null;
      return parts === null ? () => UNSURE : (request, context) => verified(parts, request, context);
    },
  };
}

async function verified(
  { desk, emergency }: ChallengeParts,
  request: RequestView,
  context: Context,
): Promise<Pass | Refusal> {
  const { brought, prefix, authority } = context;
  if (brought === null) return PASS;
  const passed = await desk.verify(brought, {
    session: sessionOf(context),
    prefix,
    hostname: pageHost(request, authority),
  });
  if (passed.outcome === 'passed') {
    if (passed.note !== undefined) addNote(context, `${brought.way.kind}: ${passed.note}`);
    return PASS;
  }
  if (passed.outcome === 'unreachable' && emergency?.admits(request, context, context.claims) === true) {
    addNote(context, `unsure: ${brought.way.kind}: ${passed.reason}`);
    return PASS;
  }
  // The counter is gone: the page asks once more with another one, and gets a challenge for that.
  context.ask = null;
  context.evidence = `${brought.way.kind}: ${passed.reason}`;
  return passed.outcome === 'refused' ? UNSOLVED : UNSURE;
}
