import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { DEFAULT_IPV6_PREFIX } from '../guard/config-addresses.ts';
import type { Config } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import { SallyportError } from '../guard/errors.ts';
import { recordsOf } from '../guard/records-url.ts';
import type { ListStatus } from '../guard/lists.ts';
import type { NewBan } from '../guard/ban-rule.ts';
import type { Guard } from '../guard/guard.ts';
import type { RequestView } from '../guard/view.ts';
import { createGuard } from '../index.ts';
import { createMemoryState } from '../stores/memory/index.ts';
import { SESSION_COOKIE, STAMP_COOKIE } from '../wire/constants.ts';
import { openAdmin } from './admin.ts';
import { certified } from './certificates/tell.ts';
import type { AdminRoute, AuditEntry } from './admin-route.ts';
import { type Control, createControl } from './control.ts';
import { type FoundRoute, withFound } from './found.ts';
import { createFrameBook } from './frames.ts';
import type { Gate } from './gate.ts';
import { type Inheritance, manageLifecycle, startGate } from './index.ts';
import { assertSameRecords, type Kept, keepRecords } from './kept.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import { createMetrics, type Metrics, type MetricsServer, serveMetrics } from './metrics.ts';
import { createPages } from './page.ts';
import { createProbes, type Probes } from './probes.ts';
import { createRecords, type Records } from './records.ts';
import { ADMIN, recordsRoutes } from './records-admin.ts';
import { createBudgetAlarms } from './budget-alarms.ts';
import { createCreationFaults } from './creation-faults.ts';
import { createKeyAlarms } from './key-alarms.ts';
import { keysRoutes } from './keys-admin.ts';
import { sessionsRoutes } from './sessions-admin.ts';
import { usersRoutes } from './users-admin.ts';

export interface ServiceOptions {
  readonly config: Config;
  /** Name of the configuration file, for people; '' without one. */
  readonly file: string;
  /** Its absolute path; ''. */
  readonly path: string;
  readonly log: LogLevel;
  /** Reads the configuration anew; throws ConfigError. */
  load(): Promise<Config>;
  /** From the process that this one replaces (SIGUSR2); null where a person started it. */
  readonly inheritance: Inheritance | null;
}

/** A gate with everything that people run it by: records, administration, log, metrics. */
export interface Service {
  readonly gate: Gate;
  readonly control: Control;
  readonly log: Log;
  /** `host:port` of the metrics; '' without. */
  readonly metrics: string;
  /** Resolves once a signal has ended the gate, everything is closed, and nothing is left on the disk. */
  readonly stopped: Promise<void>;
}

/** Starts the gate and ties it to this process's signals. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { inheritance } = options;
  const secret = process.env['SALLYPORT_SECRET'] || inheritance?.secret || randomBytes(32).toString('base64url');
  const state = createMemoryState();
  const log = createLog({
    level: options.log,
    readable: process.stderr.isTTY === true,
    destination: pino.destination({ fd: 2, sync: process.stderr.isTTY === true }),
  });
  const records = createRecords({
    now: Date.now,
    cookies: [options.config.cookies?.session ?? SESSION_COOKIE, options.config.cookies?.stamp ?? STAMP_COOKIE],
  });
  const probes = createProbes();
  const frames = createFrameBook();
  const metrics = createMetrics(
    () => state.usage(),
    () => gate.stats(),
    async () => (await gate.guard.budgets?.spending()) ?? [],
  );
  const kept = await keepRecords(options.config, secret, {
    failed: (error) => log.error('records: what has expired could not be removed', error),
    headed(head) {
      log.info('audit head', { ...head });
      metrics.audited(head);
    },
  });
  if (!process.env['SALLYPORT_SECRET'] && inheritance === null && recordsOf(options.config) !== 'memory') {
    log.warn(
      'records outlive this process, and what opens them does not: set SALLYPORT_SECRET, or logins, second factors and shared signing keys are lost with a restart',
    );
  }
  const accepted = handedRows(inheritance);
  const config = withFound(options.config, accepted).config;
  const gate = await startGate(inheritance === null ? config : { ...config, mode: inheritance.mode }, {
    secret,
    createGuard: async (config) =>
      watched(
        await createGuard(config, { state, secret, ...known(kept), keepBan: (ban) => keepBan(ban, kept, log) }),
        records,
      ),
    createPages: (guard) => createPages(guard, frames.add),
    onDecision: (decision, view) => tell(decision, view, { records, probes, metrics, log }),
    onCertificate: (event) => certified(event, metrics, log),
    inherited: inheritance?.server ?? null,
  }).catch(async (error: unknown) => {
    await kept.close();
    throw error;
  });
  const control = createControl({
    gate,
    records,
    probes,
    frames,
    started: new Date(),
    file: options.file,
    folder: options.path === '' ? '' : dirname(options.path),
    fileMode: options.config.mode ?? 'report',
    accepted,
    onAccepted(rows) {
      process.env[ACCEPTED] = JSON.stringify(rows);
    },
    load: async () => assertSameRecords(options.config, await options.load()),
    metrics: () => metrics.text(),
    audit: (entry) => audit(entry, kept, log),
  });
  gate.guard.lists?.onChange((list) => tellList(list, log));
  gate.guard.creations?.onFault(createCreationFaults(log));
  gate.guard.budgets?.onEvent(createBudgetAlarms(metrics, log));
  gate.guard.onKeyAlarm?.(createKeyAlarms(metrics, (entry) => audit(entry, kept, log)));
  const routes = [
    ...recordsRoutes(kept.records, Date.now, () => gate.config.addresses?.ipv6Prefix ?? DEFAULT_IPV6_PREFIX),
    ...sessionsRoutes(() => gate.guard.sessions ?? null, kept.records, Date.now),
    ...keysRoutes({
      desk: () => gate.guard.keys ?? null,
      policy: () => gate.guard.policy,
      url: () => gate.url,
      now: Date.now,
    }),
    ...usersRoutes(
      () => gate.guard.users ?? null,
      () => gate.url,
    ),
  ];
  const surroundings = await open(gate, control, routes, metrics, options).catch(async (error: unknown) => {
    await gate.close({ graceMs: 0 });
    await kept.close();
    throw error;
  });
  const lifecycle = manageLifecycle({ gate, secret, reload: () => control.reload(), say: log.info, warn: log.warn });
  inheritance?.ready();
  const stopped = lifecycle.stopped.then(async () => {
    await surroundings.close();
    await kept.close();
    log.flush();
  });
  return { gate, control, log, metrics: surroundings.metrics, stopped };
}

const known = ({ opened, bans }: Kept) => (opened === null ? { bans } : { records: opened, bans });

/** Into the log first: records may be what fails. A switch that was made stays made. */
async function audit(entry: AuditEntry, kept: Kept, log: Log): Promise<void> {
  const { action, target, details, outcome } = entry;
  log.warn(auditWords(entry), { action, ...(target === '' ? {} : { target }), details, outcome });
  try {
    const { audit } = await kept.records();
    const row = { time: Date.parse(entry.time), actor: ADMIN, action, target, details: { details }, outcome };
    await audit.append(row);
  } catch (error) {
    log.error('audit: this could not be recorded', error, { action });
  }
}

/** What counted so far goes on counting: somebody should know that it grows old. */
function tellList({ name, trouble, networks }: ListStatus, log: Log): void {
  if (trouble === '') log.info(`list ${name}: read again`, { networks });
  else log.warn(`list ${name}: ${trouble}; what was read before goes on counting`, { networks });
}

/** A rule has banned somebody: whoever runs the gate sees it, and can lift it. */
async function keepBan(ban: NewBan, kept: Kept, log: Log): Promise<boolean> {
  const target = `${ban.kind}:${ban.value}`;
  log.warn(`banned by rule: ${ban.reason}`, { target, until: new Date(ban.until).toISOString() });
  try {
    const { bans, audit } = await kept.records();
    await bans.add(ban);
    const details = { details: ban.reason };
    await audit.append({ time: Date.now(), actor: 'rule', action: 'ban.add', target, details, outcome: 'done' });
    return true;
  } catch (error) {
    log.error('bans: this one could not be recorded; it holds in this process until it ends', error, { target });
    return false;
  }
}

/** A switch in a sentence: the banner above it on a terminal speaks of the mode before. */
function auditWords({ action, details, outcome }: AuditEntry): string {
  if (action !== 'mode' || outcome !== 'done') return `administration: ${action} ${outcome}`;
  return details.startsWith('report')
    ? 'report mode from now on: NOTHING IS BLOCKED'
    : 'enforce mode from now on: what fails a check is refused';
}

/** Found routes that were accepted live, handed to the process that replaces this one. */
const ACCEPTED = 'SALLYPORT_ACCEPTED';

/** Only a successor reads them: an environment variable must not weaken a gate that somebody starts. */
function handedRows(inheritance: Inheritance | null): readonly FoundRoute[] {
  const handed = process.env[ACCEPTED];
  delete process.env[ACCEPTED];
  if (inheritance === null || handed === undefined) return [];
  process.env[ACCEPTED] = handed;
  return JSON.parse(handed);
}

interface Surroundings {
  /** `host:port` of the metrics; '' without. */
  readonly metrics: string;
  close(): Promise<void>;
}

/** Administration and metrics. */
async function open(
  gate: Gate,
  control: Control,
  routes: readonly AdminRoute[],
  metrics: Metrics,
  options: ServiceOptions,
): Promise<Surroundings> {
  const admin = await openAdmin({ port: gate.address.port, actions: control, routes });
  const want = options.config.metrics;
  if (want === undefined) return { metrics: '', close: () => admin.close() };
  const ended = new AbortController();
  const serving =
    options.inheritance === null
      ? serveMetrics(metrics, want)
      : serveLater(() => serveMetrics(metrics, want), ended.signal);
  const close = async (): Promise<void> => {
    ended.abort();
    await admin.close();
    await (await serving)?.close();
  };
  if (options.inheritance !== null) return { metrics: want, close };
  try {
    return { metrics: (await serving)?.address ?? '', close };
  } catch (error) {
    await admin.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new SallyportError('listen', `metrics is ${want}; nothing can listen there (${why}): choose another port`);
  }
}

/** The process that is replaced holds the metrics' port until it has finished what it has. */
async function serveLater(serve: () => Promise<MetricsServer>, ended: AbortSignal): Promise<MetricsServer | null> {
  for (let attempt = 0; attempt < 120 && !ended.aborted; attempt++) {
    const served = await serve().catch(() => null);
    if (served !== null) return served;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return null;
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
