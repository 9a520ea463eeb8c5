import { loadBundle } from '../doors/bundle.ts';
import { createScript, type Script } from '../doors/script.ts';
import { scriptPolicy } from '../doors/script-policy.ts';
import { type BudgetDesk, type CostWatch, createCosts } from '../guard/cost-watch.ts';
import type { Decision } from '../guard/decision.ts';
import { createIds } from '../guard/ids.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { createOpenBook, type OpenBook } from '../guard/open.ts';
import { createStanding } from '../guard/standing.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { createWaitingRoom } from '../guard/waiting-room.ts';
import { type Compile, createCompiler } from './compiler.ts';
import { createListeners, type Listeners } from './listeners.ts';
import type { Made } from './made.ts';
import type { GuardParts } from './parts.ts';

/** What judges by the layers, and what follows what it has decided. */
export interface Judge {
  /** Makes what takes the place of what is in force. */
  readonly compile: Compile;
  /** Told of every decision when it is final. */
  readonly decisions: Listeners<[Decision, RequestView]>;
  readonly costs: CostWatch & BudgetDesk;
  /** What was admitted and is still open. */
  readonly open: OpenBook;
}

/** From here on a policy is in force. Throws ConfigError where it does not fit the layers. */
export async function createJudge(made: Made, given: GuardParts, layers: readonly Layer[]): Promise<Judge> {
  const { ground, doors, sessions, challenges, behaviour, builds, repeats } = made;
  const { state, ledger, policy, inForce } = ground;
  const { wall } = ground.clock;
  const costs = createCosts({ ledger, policy, wall });
  const decisions = createListeners<[Decision, RequestView]>();
  decisions.add(sessions.seen);
  decisions.add(costs.decided);
  if (behaviour !== null) decisions.add(behaviour.decided);
  const bucketOf = (request: RequestView, { prefix, now }: Context): number => doors.buckets.of(request, prefix, now);
  const runner = {
    layers,
    state,
    room: createWaitingRoom(),
    repeats,
    emergency: challenges.emergency,
    ledger,
    wall,
    nextId: createIds(ground.fill),
    bucketOf,
    beganOf: (request: RequestView) => (doors.buckets.visitor(request, wall())?.created ?? Infinity) * 1000,
    onLate: decisions.tell,
  };
  const script = builds?.scriptFor ?? (await plainScript(given));
  const compile = createCompiler({ script, asks: given.ask !== undefined, runner });
  inForce.put(compile(ground.config));
  await builds?.ready();
  const standing = createStanding({ layers, state, policy, restored: inForce.restored, bucketOf });
  return { compile, decisions, costs, open: createOpenBook(standing, wall, decisions.tell) };
}

/** One script for all, in the protocol's own names. */
async function plainScript(given: GuardParts): Promise<(policy: Policy) => Script> {
  const bundle = given.bundle ?? (await loadBundle());
  return (policy) => createScript(scriptPolicy(policy, 'default'), bundle);
}
