import type { Config } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import type { ListStatus } from '../guard/lists.ts';
import { EVERYBODY } from '../guard/rollout.ts';
import type { State } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import { createGuard, type GuardParts } from '../index.ts';
import { SESSION_COOKIE, STAMP_COOKIE } from '../wire/constants.ts';
import type { AuditEntry } from './admin-route.ts';
import { createBudgetAlarms } from './budget-alarms.ts';
import { certified } from './certificates/tell.ts';
import { createChallengeFaults } from './challenge-faults.ts';
import { createCreationFaults } from './creation-faults.ts';
import { createFrameBook, type FrameBook } from './frames.ts';
import type { Gate, GateParts } from './gate.ts';
import { startGate } from './index.ts';
import { createKeyAlarms } from './key-alarms.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPages } from './page.ts';
import { createProbes, type Probes } from './probes.ts';
import { createRecords, type Records } from './records.ts';
import { createWayWarnings } from './way-warnings.ts';

/** A gate and the books that are kept of what passes through it. */
export interface Serving {
  readonly gate: Gate;
  readonly records: Records;
  readonly probes: Probes;
  readonly frames: FrameBook;
  readonly metrics: Metrics;
}

export interface ServingParts {
  readonly config: Config;
  readonly secret: string;
  readonly state: State;
  readonly log: Log;
  readonly guard: Pick<GuardParts, 'records' | 'bans' | 'keepBan' | 'ledger' | 'siblings' | 'makeBuild'>;
  /** How connections come in, where it is not by the gate's own socket. */
  readonly gate: Pick<GateParts, 'inherited' | 'listen' | 'certificates' | 'observing'>;
  audit(entry: AuditEntry): Promise<void>;
}

/** Starts a gate that writes down what passes. `books` are there before the gate is, and it tells them everything. */
export async function startServing(parts: ServingParts, books = createBooks(parts)): Promise<Serving> {
  const { config, secret, state, log, audit } = parts;
  const { records, frames, metrics } = books;
  let trusted: () => readonly string[] = () => config.trustedProxies ?? NO_PROXIES;
  const warned = createWayWarnings(log, () => trusted());
  const gate = await startGate(config, {
    secret,
    createGuard: async (full, { ask }) =>
      watched(await createGuard(full, { ask, state, secret, ...parts.guard }), records),
    createPages: (guard) => createPages(guard, frames.add),
    onDecision(decision, view) {
      tell(decision, view, books, log);
      warned(decision, view);
    },
    onCertificate: (event) => certified(event, metrics, log),
    ...parts.gate,
  });
  books.opened(gate);
  trusted = () => gate.config.trustedProxies ?? NO_PROXIES;
  gate.guard.lists?.onChange((list) => tellList(list, log));
  gate.guard.creations?.onFault(createCreationFaults(log));
  gate.guard.onChallengeFault?.(createChallengeFaults(log));
  gate.guard.budgets?.onEvent(createBudgetAlarms(metrics, log));
  gate.guard.onKeyAlarm?.(createKeyAlarms(metrics, audit));
  return { gate, ...books };
}

const NO_PROXIES: readonly string[] = Object.freeze([]);

export interface Books extends Omit<Serving, 'gate'> {
  /** The gate is there: its figures are shown from now on. */
  opened(gate: Gate): void;
}

export function createBooks({ config, state }: { config: Config; state: Pick<State, 'usage'> }): Books {
  let gate: Gate | null = null;
  const metrics = createMetrics(
    () => state.usage(),
    () => gate?.stats() ?? { requests: 0, tunnels: 0 },
    async () => (await gate?.guard.budgets?.spending()) ?? [],
    () => (gate === null || gate.mode() === 'report' ? 0 : gate.guard.policy.rollout / EVERYBODY),
  );
  const records = createRecords({
    now: Date.now,
    cookies: [config.cookies?.session ?? SESSION_COOKIE, config.cookies?.stamp ?? STAMP_COOKIE],
  });
  return {
    records,
    probes: createProbes(),
    frames: createFrameBook(),
    metrics,
    opened(started) {
      gate = started;
    },
  };
}

/** What counted so far goes on counting: somebody should know that it grows old. */
function tellList({ name, trouble, networks }: ListStatus, log: Log): void {
  if (trouble === '') log.info(`list ${name}: read again`, { networks });
  else log.warn(`list ${name}: ${trouble}; what was read before goes on counting`, { networks });
}

function tell(decision: Decision, view: RequestView, { records, probes, metrics }: Books, log: Log): void {
  records.add(decision, view);
  probes.add(decision, view);
  metrics.decided(decision);
  // A first visit without a stamp gets one with this answer and goes on by itself: nothing to write home about.
  if (decision.code !== 'stamp') log.decided(decision, view);
}

/** The same guard, whose settled requests the records hear of. */
function watched(guard: Guard, records: Records): Guard {
  const settle: Guard['settle'] = (view, decision, response) => {
    records.settled(decision, view, response.status);
    return guard.settle(view, decision, response);
  };
  return Object.create(guard, { settle: { value: settle } });
}
