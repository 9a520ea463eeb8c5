import { pino } from 'pino';
import type { Config } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import type { RequestView } from '../guard/view.ts';
import { createGuard } from '../index.ts';
import { createMemoryState } from '../stores/memory/index.ts';
import { type Admin, openAdmin } from './admin.ts';
import { type Control, createControl } from './control.ts';
import type { Gate } from './gate.ts';
import { startGate } from './index.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import { createMetrics, type Metrics, type MetricsServer, serveMetrics } from './metrics.ts';
import { createProbes, type Probes } from './probes.ts';
import { createRecords, type Records } from './records.ts';

export interface ServiceOptions {
  readonly config: Config;
  /** Name of the configuration file, for people; '' without one. */
  readonly file: string;
  readonly log: LogLevel;
  /** Reads the configuration anew; throws ConfigError. */
  load(): Promise<Config>;
}

/** A gate with everything that people run it by: records, administration, log, metrics. */
export interface Service {
  readonly gate: Gate;
  readonly control: Control;
  readonly log: Log;
  /** `host:port` of the metrics; '' without. */
  readonly metrics: string;
  /** Finishes what is under way, closes everything, and takes the socket off the disk. */
  close(): Promise<void>;
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const state = createMemoryState();
  const log = createLog({
    level: options.log,
    readable: process.stderr.isTTY === true,
    destination: pino.destination({ fd: 2, sync: process.stderr.isTTY === true }),
  });
  const records = createRecords({ now: Date.now });
  const probes = createProbes();
  const metrics = createMetrics(() => state.usage());
  const gate = await startGate(options.config, {
    state,
    createGuard: async (config) => watched(await createGuard(config, { state }), records),
    onDecision: (decision, view) => tell(decision, view, { records, probes, metrics, log }),
  });
  const control = createControl({
    gate,
    records,
    probes,
    started: new Date(),
    file: options.file,
    load: options.load,
    metrics: () => metrics.text(),
    audit: ({ action, details, outcome }) => log.warn('administration', { action, details, outcome }),
  });
  let admin: Admin | null = null;
  let served: MetricsServer | null = null;
  const close = async (): Promise<void> => {
    await admin?.close();
    await gate.close();
    await served?.close();
    log.flush();
  };
  try {
    admin = await openAdmin({ port: gate.address.port, actions: control });
    if (options.config.metrics !== undefined) served = await serveMetrics(metrics, options.config.metrics);
  } catch (error) {
    await close();
    throw error;
  }
  return { gate, control, log, metrics: served?.address ?? '', close };
}

interface Listeners {
  readonly records: Records;
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly log: Log;
}

function tell(decision: Decision, view: RequestView, { records, probes, metrics, log }: Listeners): void {
  records.add(decision, view);
  probes.add(decision, view);
  metrics.decided(decision);
  log.decided(decision, view);
}

/** The same guard, whose settled requests the records hear of. */
function watched(guard: Guard, records: Records): Guard {
  const settle: Guard['settle'] = (view, decision, response) => {
    records.settled(decision, view, response.status);
    return guard.settle(view, decision, response);
  };
  return Object.create(guard, { settle: { value: settle } });
}
