import type { MessagePort } from 'node:worker_threads';
import type { Config } from '../../guard/config.ts';
import { createHeldBans } from '../../keys/bans.ts';
import { openSharedState } from '../../stores/shared/index.ts';
import { type AuditEntry, dispatch, type Question } from '../admin-route.ts';
import type { CertificateFollower, CertificateShare } from '../certificates/share.ts';
import { type FoundRoute, withAccepted, withFound } from '../found.ts';
import type { Gate } from '../gate.ts';
import { describe, pendingOf, seenBy } from '../gate-status.ts';
import { keepRecords } from '../kept.ts';
import { listenShared } from '../listen.ts';
import { createLive, inForce, type Live, type Settings } from '../live.ts';
import { createLog } from '../log.ts';
import { createObserving, type ObservingDesk } from '../observing.ts';
import { known, peopleRoutes } from '../service.ts';
import { type Serving, startServing } from '../serving.ts';
import { connectShared, ledgerOf } from '../shared-state.ts';
import { refused, tried } from '../switching.ts';
import { watchChanges } from '../watch-changes.ts';
import { type Calls, createCalls } from './calls.ts';
import { digestOf } from './digest.ts';
import type { InForce, SupervisorActions, WorkerActions, WorkerStart } from './messages.ts';
import { createPortStream, nameClients } from './port-stream.ts';
import { createSiblings } from './siblings.ts';

export interface WorkerParts {
  /** To the thread that supervises this one. */
  readonly port: MessagePort;
  readonly start: WorkerStart;
  /** Reads the configuration file. */
  load(): Promise<Config>;
}

/**
 * One of a gate's threads: a gate of its own at the address of all, by the state of all. It looks after nothing that the
 * process has once; who supervises it does.
 */
export async function runWorker({ port, start, load }: WorkerParts): Promise<void> {
  const { current, secret, worker, memory, level, readable } = start;
  const bans = createHeldBans(Date.now);
  const actions: Partial<WorkerActions> = { bans: bans.hold };
  const main = createCalls<SupervisorActions>(port, actions);
  const log = createLog({ level, readable, worker, destination: { write: (line) => main.tell('lines', line) } });
  const read = async (next: InForce): Promise<Config> => withAccepted(await readConfig(next, load), next.accepted);

  const config = await read(current);
  bans.hold(start.bans ?? []);
  const kept = start.bans === null ? await keepRecords(config, secret, UNTOLD) : null;
  const siblings = createSiblings(start.channel);
  const followers: CertificateFollower[] = [];
  const shared = await connectShared(config, secret, log);
  const observing = createObserving(() => performance.now(), Date.now);
  const watched = watchActions(observing);
  if (start.watching !== null) watched.observe(start.watching);
  const serving = await startServing({
    config: inForce(config, current.settings),
    secret,
    // One name for all that share it: each opens the tickets of the others.
    state: shared?.state ?? Object.assign(openSharedState(memory, { worker: worker - 1 }), { scope: start.channel }),
    log,
    guard: {
      ...(kept === null ? { bans } : known(kept)),
      ...ledgerOf(shared),
      keepBan: (ban) => main.call('keepBan', ban),
      // All come to the same one: it is made where that is seen.
      makeBuild: (texts, recipe, { ahead }) => main.call('makeBuild', { texts, recipe, ahead }),
      siblings,
    },
    gate: {
      // Connections come once everything stands, and the settings are those of the others.
      listen: async () => ({ host: start.host, port: start.port }),
      certificates: shareOf(worker === 1, main, followers),
      observing,
    },
    audit: (entry) => main.call('audit', entry),
  });
  const { gate, metrics } = serving;
  const live = createLive({ gate, base: config, settings: current.settings, version: current.terms.version });
  const rail = watchChanges({
    gate,
    live,
    undo: (layer, undone, by, change) => main.tell('undo', { layer, undone, by, change }),
    // What changes from now on, who supervises writes down.
    book: { found: () => start.found, changed: () => {}, settle: () => {} },
    audit: (layer, details) => main.call('undone', { layer, details }),
    log,
    metrics,
  });
  if (!start.listens) nameClients(serving.gate.server);
  const close = async (graceMs: number): Promise<void> => {
    await serving.gate.close({ graceMs });
    rail.close();
    await kept?.close();
    siblings.close();
    log.flush();
  };
  Object.assign(actions, lookActions(serving, live, start, main), switchActions(gate, live, start, read), {
    ...watched,
    certificate: () => followers.forEach((follower) => void follower.read()),
    challenge: (challenge) => followers.forEach((follower) => void follower.answer(challenge)),
    close: ({ graceMs }) => close(graceMs),
  } satisfies Partial<WorkerActions>);
  main.tell('prepared', serving.gate.url);
}

/** What supervises looks after records, and says what became of them. */
const UNTOLD = { failed: () => {}, headed: () => {} };

/** @throws where the file does not say any more what it said when all others took it up */
async function readConfig({ config, digest }: InForce, load: () => Promise<Config>): Promise<Config> {
  if (config !== null) return config;
  const read = await load();
  if (digestOf(read) === digest) return read;
  throw new Error('the configuration file says something else than what is in force; reload it');
}

function shareOf(leads: boolean, main: Calls<SupervisorActions>, followers: CertificateFollower[]): CertificateShare {
  return {
    leads,
    tell: (challenge) => main.call('challenge', challenge),
    renewed: () => main.tell('renewed', undefined),
    follow: (follower) => void followers.push(follower),
  };
}

function lookActions(serving: Serving, live: Live, start: WorkerStart, main: Calls<SupervisorActions>) {
  const { gate, records, metrics } = serving;
  const { file, folder } = start;
  const described = { ...serving, live, switches: null, started: new Date(start.started), file, folder };
  const desk = gate.guard.sessions;
  const dispatcher = {
    routes: peopleRoutes(gate),
    now: Date.now,
    audit: (entry: AuditEntry) => main.call('audit', entry),
  };
  return {
    beat: () => {},
    build: () => gate.guard.builds?.() ?? null,
    status: async () => ({ status: await describe(described), visitors: records.visitors() }),
    routes() {
      const { config, seen, persons } = seenBy(gate, records);
      return { config: JSON.stringify(config), seen, persons, pending: pendingOf(gate, records) };
    },
    why: (id: string) => records.get(id),
    metrics: () => metrics.figures(),
    sessions: () => desk?.list() ?? [],
    revoke: async (label: string) => (await desk?.revoke(label)) ?? null,
    revokeAll: async () => (await desk?.revokeAll()) ?? 0,
    ask: (question: Question) => dispatch(question, dispatcher),
  } satisfies Partial<WorkerActions>;
}

/** Who supervises knows who watches: a watch that it has forgotten makes way for the next. */
export function watchActions(observing: ObservingDesk) {
  let last = '';
  return {
    observe(watching) {
      if (watching.token !== last) observing.close(last);
      last = watching.token;
      observing.open(watching);
    },
    observed: ({ token, after }) => observing.after(token, after),
    unobserve: (token) => void observing.close(token),
  } satisfies Partial<WorkerActions>;
}

/** What changes a worker. Each change can be taken back, until the next, where another worker would not make it. */
function switchActions(
  gate: Gate,
  live: Live,
  { listens, host, port }: WorkerStart,
  read: (next: InForce) => Promise<Config>,
) {
  let before = { base: live.base(), settings: live.settings() };
  const change = (act: () => void): void => {
    before = { base: live.base(), settings: live.settings() };
    tried(act);
  };
  return {
    async open() {
      if (listens) await listenShared(gate.server, { host, port });
    },
    connection: ({ peer, port: messages }: { peer: string; port: MessagePort }) => {
      gate.server.emit('connection', createPortStream(messages, peer));
    },
    put: (settings: Settings) => change(() => live.put(settings)),
    amend(open: readonly FoundRoute[]) {
      const { config, lines } = withFound(live.base(), open);
      change(() => live.amend(config));
      return lines;
    },
    async rebase(next: InForce) {
      const config = await read(next).catch(refused);
      change(() => live.rebase(config));
    },
    takeBack() {
      live.rebase(before.base);
      live.put(before.settings);
    },
  } satisfies Partial<WorkerActions>;
}
