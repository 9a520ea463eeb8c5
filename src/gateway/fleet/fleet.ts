import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { createSharedMaker } from '../../builds/shared-maker.ts';
import { DEFAULT_IPV6_PREFIX } from '../../guard/config-addresses.ts';
import { tlsOf } from '../../guard/config-tls.ts';
import { policyIdOf, termsOf } from '../../guard/terms.ts';
import { recordsOf } from '../../guard/records-url.ts';
import { createSharedMemory, releaseWorker } from '../../stores/shared/index.ts';
import { audit, keepBan } from '../auditing.ts';
import { localCertificate } from '../certificates/local.ts';
import { byHere, followChanges, followSwitches, tellTakenUp, usable } from '../follow.ts';
import { withAccepted } from '../found.ts';
import { handedRows, leaveRows } from '../handed-rows.ts';
import { manageLifecycle } from '../lifecycle.ts';
import { DEFAULT_LISTEN, parseListen } from '../listen.ts';
import { type Settings, takenUp } from '../live.ts';
import { createMetrics } from '../metrics.ts';
import { observingRoutes } from '../observing-admin.ts';
import { isReadable, prepare } from '../prepared.ts';
import { ADMIN, recordsRoutes } from '../records-admin.ts';
import type { Service, ServiceOptions } from '../service.ts';
import { connectShared } from '../shared-state.ts';
import { sessionsRoutes } from '../sessions-admin.ts';
import { openSurroundings } from '../surroundings.ts';
import { auditUndone } from '../watch-changes.ts';
import { tellBans } from './bans.ts';
import { createFleetControl, type FleetControl, modeIn, shareIn, termsIn } from './control.ts';
import { copyOf, digestOf } from './digest.ts';
import { canSharePort, openEntrance } from './entrance.ts';
import { createFigures } from './figures.ts';
import type { SupervisorActions, WorkerStart } from './messages.ts';
import { createFleetObserving } from './observing.ts';
import { assertSteady, assertTogether } from './together.ts';
import { type Program, startWorkers, type Supervisor } from './supervisor.ts';

export interface FleetOptions extends ServiceOptions {
  /** Two or more. */
  readonly workers: number;
  readonly program: Program;
  /** Default: tries it. */
  readonly canShare?: (host: string) => Promise<boolean>;
}

/**
 * Starts a gate of several threads on one port, and ties it to this process's signals. This thread serves nothing: it
 * starts the others, replaces those that end, and is what administration, metrics and the log belong to.
 */
export async function startFleet(options: FleetOptions): Promise<Service> {
  const { workers, inheritance, program } = options;
  assertTogether(options.config, workers);
  const own = createMetrics(() => ({ entries: 0, sessions: 0, bytes: 0, capacity: 0 }));
  const { secret, log, kept } = await prepare({ ...options, level: options.log, headed: own.audited });
  const shared = await connectShared(options.config, process.env['SALLYPORT_SECRET'] ?? '', log).catch(
    closing(() => kept.close()),
  );
  const memory = createSharedMemory();
  const channel = randomBytes(12).toString('base64url');
  const isApart = recordsOf(options.config) === 'memory';
  const started = Date.now();
  let supervisor: Supervisor | null = null;
  const members = () => supervisor?.members() ?? [];
  const bans = tellBans(kept, {
    tell(held) {
      for (const { calls } of members()) calls.tell('bans', held);
    },
    failed: (error) => log.error('bans: they cannot be read', error),
  });
  const accepted = handedRows(inheritance);
  let control: FleetControl | null = null;
  const take = (settings: Settings): void => {
    control?.take(settings).catch((error) => log.error('switch: another gate’s cannot be taken up here', error));
  };
  const signals = shared?.signals ?? kept.signals;
  const switches = await followSwitches(signals, secret, log, () => (control === null ? null : { put: take }));
  const last = switches?.last() ?? null;
  const config = withAccepted(options.config, accepted);
  const terms = termsOf(config, options.version);
  const settings =
    inheritance === null
      ? usable(config, takenUp(last, terms.words, policyIdOf(terms)), log)
      : { ...inheritance.settings, mode: inheritance.mode };
  if (inheritance === null) tellTakenUp(settings, last, log);
  const book = await followChanges(signals, secret, termsIn({ settings, terms }), log);
  const closeKept = async (): Promise<void> => {
    await book?.close();
    await switches?.close();
    await shared?.state.close();
    await kept.close();
  };

  const entrance = await openEntrance({
    want: parseListen(options.config.listen ?? DEFAULT_LISTEN),
    canShare: options.canShare ?? canSharePort,
    members,
    inherited: inheritance?.server ?? null,
    besides: inheritance?.server === null ? inheritance.port : 0,
  }).catch(closing(closeKept));
  if (!entrance.isShared) {
    log.warn('this system lets one socket listen on a port: it takes all connections and hands them on to the workers');
  }
  // Made once: each worker would make one of its own.
  if (tlsOf(options.config.tls)?.self === true) localCertificate(options.config);

  const figures = createFigures({
    members,
    replaced: () => supervisor?.replaced() ?? 0,
    hung: () => supervisor?.hung() ?? 0,
    own,
  });
  const fleet = createFleetControl({
    supervisor: () => supervisor ?? NOBODY,
    first: {
      config: copyOf(options.config),
      digest: digestOf(options.config),
      terms,
      settings,
      accepted,
    },
    switches: () => switches,
    book: () => book,
    by: byHere(ADMIN),
    onAccepted: leaveRows,
    load: async () => assertSteady(options.config, await options.load()),
    metrics: () => figures.text(),
    audit: (entry) => audit(entry, bans, log),
  });
  control = fleet;
  const observing = createFleetObserving(
    () => supervisor ?? NOBODY,
    () => performance.now(),
  );
  const builds = createSharedMaker({
    made: (seconds) => log.info('script: a build was made, for all workers', { seconds: Number(seconds.toFixed(1)) }),
  });
  const actions: Omit<SupervisorActions, 'prepared'> = {
    makeBuild: builds.make,
    audit: (entry) => audit(entry, bans, log),
    keepBan: (ban) => keepBan(ban, bans, log),
    lines: (text) => void process.stderr.write(text),
    challenge: async (challenge) => {
      await Promise.all(others(members()).map(({ calls }) => calls.call('challenge', challenge).catch(() => {})));
    },
    renewed: () => {
      for (const { calls } of others(members())) calls.tell('certificate', undefined);
    },
    undo: (undo) => void fleet.undo(undo).catch((error) => log.error('guard rail: this cannot be put back', error)),
    undone: ({ layer, details }) => auditUndone(layer, details, bans, log),
  };
  const start = (worker: number): WorkerStart => ({
    worker,
    secret,
    memory,
    host: entrance.host,
    port: entrance.port,
    listens: entrance.isShared,
    current: fleet.current,
    found: book?.found(termsIn(fleet.current)) ?? [],
    file: options.file,
    folder: options.path === '' ? '' : dirname(options.path),
    started,
    level: options.log,
    readable: isReadable(),
    channel,
    bans: isApart ? bans.current() : null,
    watching: observing.current(),
  });
  const running = await startWorkers({
    count: workers,
    program,
    log,
    start,
    actions,
    released(worker) {
      figures.ended(worker);
      return releaseWorker(memory, worker - 1);
    },
  }).catch(
    closing(async () => {
      builds.close();
      entrance.close();
      await closeKept();
    }),
  );
  supervisor = running;
  const close = async (graceMs: number): Promise<void> => {
    entrance.close();
    await running.close(graceMs);
    builds.close();
  };
  const surroundings = await openSurroundings({
    port: entrance.port,
    actions: fleet,
    elsewhere: fleet.elsewhere,
    routes: [
      ...recordsRoutes(
        bans.records,
        Date.now,
        () => fleet.current.config?.addresses?.ipv6Prefix ?? DEFAULT_IPV6_PREFIX,
      ),
      ...sessionsRoutes(() => fleet.sessions, bans.records, Date.now),
      ...observingRoutes(observing),
    ],
    metrics: figures,
    at: options.config.metrics,
    inherits: inheritance !== null,
  }).catch(
    closing(async () => {
      await close(0);
      await closeKept();
    }),
  );
  const lifecycle = manageLifecycle({
    gate: {
      server: entrance.server,
      port: entrance.port,
      mode: () => modeIn(fleet.current),
      close: ({ graceMs = 0 } = {}) => close(graceMs),
    },
    secret,
    settings: () => fleet.current.settings,
    reload: () => fleet.reload(),
    say: log.info,
    warn: log.warn,
  });
  const [first] = running.members();
  const build = (await first?.calls.call('build', undefined).catch(() => null)) ?? null;
  inheritance?.ready();
  const stopped = lifecycle.stopped.then(async () => {
    await surroundings.close();
    await closeKept();
    log.flush();
  });
  return {
    url: running.url,
    listen: `${parseListen(options.config.listen ?? DEFAULT_LISTEN).shown}:${entrance.port}`,
    workers,
    metrics: surroundings.metrics,
    stopped,
    mode: () => modeIn(fleet.current),
    rollout: () => shareIn(fleet.current),
    build,
  };
}

/** Before the first worker is there. */
const NOBODY: Pick<Supervisor, 'members' | 'alone' | 'replaced' | 'hung'> = {
  members: () => [],
  alone: (act) => act(),
  replaced: () => 0,
  hung: () => 0,
};

/** The first looks after certificates; these are told. */
const others = (members: ReturnType<Supervisor['members']>) => members.filter(({ worker }) => worker !== 1);

/** Closes what is open already, and fails as before. */
const closing =
  (close: () => Promise<void>) =>
  async (error: unknown): Promise<never> => {
    await close();
    throw error;
  };
