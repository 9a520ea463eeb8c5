import { dirname } from 'node:path';
import { DEFAULT_IPV6_PREFIX } from '../guard/config-addresses.ts';
import type { Config, Mode } from '../guard/config.ts';
import type { NewBan } from '../guard/ban-rule.ts';
import type { BuildFigures } from '../guard/guard.ts';
import { policyIdOf, termsOf, wordsOf } from '../guard/terms.ts';
import { createMemoryState } from '../stores/memory/index.ts';
import type { AuditEntry } from './admin-route.ts';
import { audit, keepBan } from './auditing.ts';
import { createControl } from './control.ts';
import { withFound } from './found.ts';
import type { Gate } from './gate.ts';
import { handedRows, leaveRows } from './handed-rows.ts';
import { type Inheritance, manageLifecycle } from './index.ts';
import { assertSameStores, type Kept } from './kept.ts';
import { keysRoutes } from './keys-admin.ts';
import { byHere, followChanges, followSwitches, tellTakenUp, usable } from './follow.ts';
import { listenShared } from './listen.ts';
import { createLive, inForce, type Live, takenUp } from './live.ts';
import type { LogLevel } from './log.ts';
import { prepare } from './prepared.ts';
import { createObserving } from './observing.ts';
import { observingRoutes } from './observing-admin.ts';
import { ADMIN, recordsRoutes } from './records-admin.ts';
import { createBooks, type ServingParts, startServing } from './serving.ts';
import { sessionsRoutes } from './sessions-admin.ts';
import { connectShared, ledgerOf } from './shared-state.ts';
import { openSurroundings } from './surroundings.ts';
import { auditUndone, watchChanges } from './watch-changes.ts';
import { usersRoutes } from './users-admin.ts';

export interface ServiceOptions {
  readonly config: Config;
  /** Name of the configuration file, for people; '' without one. */
  readonly file: string;
  /** Its absolute path; ''. */
  readonly path: string;
  readonly log: LogLevel;
  /** Of Sallyport. */
  readonly version: string;
  /** Reads the configuration anew; throws ConfigError. */
  load(): Promise<Config>;
  /** From the process that this one replaces (SIGUSR2); null where a person started it. */
  readonly inheritance: Inheritance | null;
}

/** A gate with everything that people run it by: records, administration, log, metrics. */
export interface Service {
  /** Where people reach it. */
  readonly url: string;
  /** `host:port` it listens on, with the real port. */
  readonly listen: string;
  /** Threads that answer; 1 for the process's own. */
  readonly workers: number;
  /** `host:port` of the metrics; '' without. */
  readonly metrics: string;
  /** Resolves once a signal has ended the gate, everything is closed, and nothing is left on the disk. */
  readonly stopped: Promise<void>;
  mode(): Mode;
  /** Share of sessions that enforce mode is for: `100%`. */
  rollout(): string;
  /** The build of the page's script at the start; null where there is none, or each worker has made it. */
  readonly build: BuildFigures | null;
}

/** Starts the gate in this thread and ties it to this process's signals. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { inheritance, version } = options;
  const books = createBooks({ config: options.config, state: { usage: () => state.usage() } });
  const { records, probes, frames, metrics } = books;
  const { secret, log, kept } = await prepare({
    config: options.config,
    level: options.log,
    inheritance,
    headed: metrics.audited,
  });
  const shared = await connectShared(options.config, process.env['SALLYPORT_SECRET'] ?? '', log).catch(
    async (error: unknown) => {
      await kept.close();
      throw error;
    },
  );
  const state = shared?.state ?? createMemoryState();
  const observing = createObserving(() => performance.now(), Date.now);
  const accepted = handedRows(inheritance);
  const config = withFound(options.config, accepted).config;
  let live: Live | null = null;
  const signals = shared?.signals ?? kept.signals;
  const switches = await followSwitches(signals, secret, log, () => live);
  const last = switches?.last() ?? null;
  const settings =
    inheritance === null
      ? usable(config, takenUp(last, wordsOf(config), policyIdOf(termsOf(config, version))), log)
      : { ...inheritance.settings, mode: inheritance.mode };
  if (inheritance === null) tellTakenUp(settings, last, log);
  const serving = {
    config: inForce(config, settings),
    secret,
    state,
    log,
    guard: {
      ...known(kept),
      ...ledgerOf(shared),
      keepBan: (ban: NewBan) => keepBan(ban, kept, log),
    },
    gate: { ...enteredBy(inheritance), observing },
    audit: (entry: AuditEntry) => audit(entry, kept, log),
  };
  const { gate } = await startServing(serving, books).catch(async (error: unknown) => {
    await switches?.close();
    await state.close();
    await kept.close();
    throw error;
  });
  live = createLive({ gate, base: config, settings, version });
  const control = createControl({
    gate,
    records,
    probes,
    frames,
    started: new Date(),
    file: options.file,
    folder: options.path === '' ? '' : dirname(options.path),
    live,
    switches,
    by: byHere(ADMIN),
    accepted,
    onAccepted: leaveRows,
    load: async () => assertSameStores(options.config, await options.load()),
    metrics: () => metrics.text(),
    audit: serving.audit,
  });
  const book = await followChanges(signals, secret, live.terms(), log);
  const rail = watchChanges({
    gate,
    live,
    undo: control.undo,
    audit: (layer, details) => auditUndone(layer, details, kept, log),
    log,
    metrics,
    book,
  });
  const surroundings = await openSurroundings({
    port: gate.address.port,
    actions: control,
    routes: [
      ...recordsRoutes(kept.records, Date.now, () => gate.config.addresses?.ipv6Prefix ?? DEFAULT_IPV6_PREFIX),
      ...sessionsRoutes(() => gate.guard.sessions ?? null, kept.records, Date.now),
      ...peopleRoutes(gate),
      ...observingRoutes(observing),
    ],
    metrics,
    at: options.config.metrics,
    inherits: inheritance !== null,
  }).catch(async (error: unknown) => {
    await gate.close({ graceMs: 0 });
    await switches?.close();
    await kept.close();
    throw error;
  });
  const lifecycle = manageLifecycle({
    gate,
    secret,
    settings: () => live?.settings() ?? {},
    reload: () => control.reload(),
    say: log.info,
    warn: log.warn,
  });
  inheritance?.ready();
  const stopped = lifecycle.stopped.then(async () => {
    rail.close();
    await book?.close();
    await surroundings.close();
    await switches?.close();
    await kept.close();
    log.flush();
  });
  return {
    url: gate.url,
    listen: gate.config.listen ?? '',
    workers: 1,
    metrics: surroundings.metrics,
    stopped,
    mode: () => gate.mode(),
    rollout: () => gate.config.rollout ?? '100%',
    build: gate.guard.builds?.() ?? null,
  };
}

/** A socket that is handed over, or one beside those of the process that is replaced. */
function enteredBy(inheritance: Inheritance | null): ServingParts['gate'] {
  if (inheritance === null) return {};
  if (inheritance.server !== null) return { inherited: inheritance.server };
  return {
    async listen(server, want) {
      await listenShared(server, want);
      return want;
    },
  };
}

/** Administration of keys and users: what stands behind it is the guard's own. */
export const peopleRoutes = (gate: Gate) => [
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

/** For the guard. */
export const known = ({ opened, bans }: Kept) => (opened === null ? { bans } : { records: opened, bans });
