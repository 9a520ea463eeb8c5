import { createTranslation } from '../builds/translate.ts';
import { createCreationWatch } from '../guard/creation-watch.ts';
import type { Config } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import { giveBack, letGo } from '../guard/giving-back.ts';
import type { Guard } from '../guard/guard.ts';
import { parseConfig } from '../guard/config-schema.ts';
import { problemAnswer } from '../guard/problem.ts';
import { createServedWatch } from '../guard/served-watch.ts';
import { settle } from '../guard/settle.ts';
import { createSealedDesk } from '../doors/sealed-desk.ts';
import type { RequestView } from '../guard/view.ts';
import type { Judge } from './judge.ts';
import { refuseLasting } from './lasting.ts';
import type { Made } from './made.ts';
import { mountDoors } from './mount.ts';

type Judging =
  | 'decide'
  | 'owns'
  | 'serve'
  | 'sealed'
  | 'refusalAnswer'
  | 'settle'
  | 'finish'
  | 'unsent'
  | 'watch'
  | 'visitorOf'
  | 'onDecision';

type Desks =
  | 'behaviour'
  | 'repeats'
  | 'serves'
  | 'lists'
  | 'costs'
  | 'budgets'
  | 'users'
  | 'sessions'
  | 'creations'
  | 'keys';

/** The face of a guard: what adapters see of its parts. */
export function toGuard(made: Made, judge: Judge, close: () => Promise<void>): Guard {
  const { ground, doors, banning, pages, alarms, faults, builds } = made;
  const { inForce, config } = ground;
  const checks = new Set<(next: Config) => void>();
  return {
    ...judging(made, judge),
    ...(builds === null ? {} : { builds: builds.figures, translate: createTranslation(builds.live) }),
    ...desks(made, judge),
    stampFor: pages.stampFor,
    readPage: pages.readPage,
    scriptTag: pages.scriptTag,
    formToken: doors.formToken,
    get policy() {
      return inForce.policy();
    },
    get scriptHash() {
      return inForce.script().hash;
    },
    get workerScript() {
      return inForce.script().worker;
    },
    reload(next, restored) {
      const checked = parseConfig(next, 'config');
      refuseLasting(checked, config, banning.bans !== null);
      for (const check of checks) check(checked);
      inForce.put(judge.compile(checked, restored));
      made.login.exchange(checked.login);
    },
    beforeReload: (check) => void checks.add(check),
    onKeyAlarm: alarms.add,
    onChallengeFault: faults.add,
    close,
  };
}

/** What happens to requests. */
function judging(made: Made, { decisions, open }: Judge): Pick<Guard, Judging> {
  const { ground, doors, behaviour } = made;
  const { state, inForce, policy } = ground;
  const { wall } = ground.clock;
  const decided = (decision: Decision, request: RequestView): Decision => {
    if (decision.incomplete !== true) decisions.tell(decision, request);
    return decision;
  };
  return {
    decide(request) {
      const decision = inForce.runner().decide(request);
      return decision instanceof Promise ? decision.then((late) => decided(late, request)) : decided(decision, request);
    },
    owns: (request) => request.path.startsWith(`${policy().mount}/`),
    serve: mountDoors(made, decisions.tell),
    sealed: createSealedDesk({
      policy,
      tickets: doors.tickets,
      random: ground.random,
      wall,
      decide: (request, rule) => inForce.runner().decide(request, rule),
      decided: decisions.tell,
    }),
    refusalAnswer: (_request, decision) => problemAnswer(decision, policy().mount, wall()),
    settle(request, decision, response) {
      if (decision.proof !== null) behaviour?.book.answered(decision.proof.ticket, response.status);
      return settle(state, request, decision, response, wall());
    },
    finish({ holds = [] }) {
      for (const hold of holds) letGo(state, hold);
    },
    unsent({ holds = [] }) {
      for (const hold of holds) giveBack(state, hold);
    },
    visitorOf: (request) => doors.buckets.visitor(request, wall()),
    onDecision: decisions.add,
    watch: open.watch,
  };
}

/** What others ask of its parts: administration, and whatever follows the backend's answers. */
function desks({ ground, kept, strangers, sessions, behaviour, repeats }: Made, { costs }: Judge): Pick<Guard, Desks> {
  const { identity, keys } = kept;
  return {
    repeats,
    serves: createServedWatch(ground.state),
    lists: strangers.lists,
    costs,
    budgets: costs,
    users: identity?.users ?? null,
    sessions,
    creations: identity === null ? null : createCreationWatch(ground.policy, identity.creations),
    keys: keys?.desk ?? null,
    behaviour: behaviour?.figures ?? null,
  };
}
