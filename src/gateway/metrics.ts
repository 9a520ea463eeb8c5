import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { Counter, Gauge, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { BudgetEvent, Spending } from '../guard/cost-watch.ts';
import type { Decision } from '../guard/decision.ts';
import type { AuditHead } from '../guard/records-audit.ts';
import type { StateUsage } from '../guard/state.ts';
import type { CertificateEvent } from './certificates/event.ts';
import { countBudgets } from './budget-figures.ts';
import { countCertificates } from './certificates/figures.ts';
import type { RailEvent } from './guard-rail.ts';
import { isEntryRoute } from './entry-route.ts';

/** What a thread has counted, for the one that adds it up. */
export type MetricFigures = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface Metrics {
  /** For `Guard.onDecision`. */
  decided(decision: Decision): void;
  /** The audit log's latest row: kept elsewhere, it shows rows that were cut off. */
  audited(head: AuditHead): void;
  /** An API key was seen where none may be. */
  keyAlarm(where: string): void;
  /** Something should be known of money. */
  budget(event: BudgetEvent): void;
  /** The guard rail has undone a change of a layer, or would have. */
  rail(event: RailEvent): void;
  /** A certificate that the gate looks after is in use, or could not be got. */
  certified(event: CertificateEvent): void;
  /** Text in the exposition format of Prometheus. */
  text(): Promise<string>;
  figures(): Promise<MetricFigures>;
  readonly contentType: string;
}

/** Route names come from the configuration, so they are few; a configuration may still list thousands. */
const MAX_ROUTES = 200;

/** What is under way now. */
export interface InFlight {
  readonly requests: number;
  readonly tunnels: number;
}

/**
 * Counters of one gate, in a registry of their own. Labels take their values from the policy and from our own tables,
 * never from a request: nobody outside can make new time series.
 */
export function createMetrics(
  usage: () => StateUsage | Promise<StateUsage>,
  inFlight?: () => InFlight,
  spending?: () => Promise<readonly Spending[]>,
  share?: () => number,
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const decisions = new Counter({
    name: 'sallyport_decisions_total',
    help: 'Decisions on covered routes, and refusals anywhere, by outcome, code and route.',
    labelNames: ['outcome', 'code', 'route'] as const,
    registers,
  });
  const wouldRefuse = new Counter({
    name: 'sallyport_would_refuse_total',
    help: 'Findings of layers in report mode: requests that enforce mode would have refused.',
    labelNames: ['code', 'layer', 'route'] as const,
    registers,
  });
  if (inFlight !== undefined) addInFlight(registers, inFlight);
  const failures = new Counter({
    name: 'sallyport_upstream_errors_total',
    help: 'Requests that the backend did not answer, or not in time.',
    labelNames: ['code'] as const,
    registers,
  });
  const ended = new Counter({
    name: 'sallyport_open_ended_total',
    help: 'Streams, sockets and downloads that were ended because what they were admitted by had ended.',
    labelNames: ['code', 'layer'] as const,
    registers,
  });
  const audit = new Gauge({
    name: 'sallyport_audit_head',
    help: 'Number of the latest row of the audit log, and its MAC for `sallyport audit verify --head`.',
    labelNames: ['chain', 'mac'] as const,
    registers,
  });
  const entries = new Counter({ name: 'sallyport_entries_total', help: 'Second doors opened.', registers });
  const byKey = new Counter({
    name: 'sallyport_key_requests_total',
    help: 'Requests with an API key that was verified, by account and outcome.',
    labelNames: ['account', 'outcome'] as const,
    registers,
  });
  const keyAlarms = new Counter({
    name: 'sallyport_key_alarms_total',
    help: 'API keys seen where none may be: in a page, in a URL, or the secret of a signing key.',
    labelNames: ['where'] as const,
    registers,
  });
  const rail = new Counter({
    name: 'sallyport_guard_rail_total',
    help: 'Layers that refused pages which worked before: undone after a change, or told where there was none.',
    labelNames: ['kind', 'layer'] as const,
    registers,
  });
  if (share !== undefined) addShare(registers, share);
  const stateGauge = new Gauge({
    name: 'sallyport_state',
    help: 'What the shared state holds: entries, sessions, bytes, and room for how many entries.',
    labelNames: ['of'] as const,
    // Workers see one state, and one process.
    aggregator: 'max',
    registers,
  });
  new Gauge({
    name: 'sallyport_process_resident_bytes',
    help: 'Memory of the gate.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });

  const budgets = countBudgets(registers);

  // Accounts are the owner's own, and few; whoever has thousands still gets no more series than this.
  const accounts = new Set<string>();
  const accountLabel = (name: string): string => {
    if (accounts.has(name)) return name;
    if (accounts.size >= MAX_ROUTES) return 'other';
    accounts.add(name);
    return name;
  };
  const names = new Set<string>();
  const routeLabel = (name: string): string => {
    if (names.has(name)) return name;
    if (names.size >= MAX_ROUTES) return 'other';
    names.add(name);
    return name;
  };

  return {
    contentType: registry.contentType,
    decided(decision) {
      // Its request has been counted when it was admitted.
      if (decision.openFor !== undefined) {
        ended.inc({ code: decision.code, layer: decision.layer });
        return;
      }
      const route = routeLabel(decision.route.name);
      decisions.inc({ outcome: decision.outcome, code: decision.code, route });
      if (decision.code === 'upstream' || decision.code === 'upstream-timeout') failures.inc({ code: decision.code });
      if (decision.key !== null) byKey.inc({ account: accountLabel(decision.key.account), outcome: decision.outcome });
      if (decision.outcome === 'admit' && isEntryRoute(decision.route)) entries.inc();
      for (const step of decision.trail) {
        if (!step.enforced) wouldRefuse.inc({ code: step.code, layer: step.layer, route });
      }
    },
    audited({ chain, mac, number }) {
      // One series alone: each MAC is a label of its own.
      audit.reset();
      audit.set({ chain, mac }, number);
    },
    keyAlarm: (where) => keyAlarms.inc({ where }),
    budget: budgets.counted,
    rail: ({ kind, layer }) => rail.inc({ kind, layer }),
    certified: countCertificates(registers),
    async text() {
      await refresh();
      return registry.metrics();
    },
    async figures() {
      await refresh();
      return registry.getMetricsAsJSON();
    },
  };

  async function refresh(): Promise<void> {
    stateGauge.reset();
    // While it cannot be reached, the series are gone: what it held before is nobody's guess.
    const used = await Promise.resolve(usage()).catch(() => null);
    if (used !== null) {
      stateGauge.set({ of: 'entries' }, used.entries);
      stateGauge.set({ of: 'sessions' }, used.sessions);
      stateGauge.set({ of: 'bytes' }, used.bytes);
      stateGauge.set({ of: 'capacity' }, used.capacity);
    }
    // Where nobody can say what was spent, the series are gone rather than old.
    budgets.show((await spending?.().catch(() => [])) ?? []);
  }
}

function addShare(registers: Registry[], share: () => number): void {
  new Gauge({
    name: 'sallyport_enforced_share',
    help: 'Share of the sessions that the gate enforces for: 0 in report mode, 1 where it does for all.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(share());
    },
  });
}

function addInFlight(registers: Registry[], inFlight: () => InFlight): void {
  new Gauge({
    name: 'sallyport_requests_in_flight',
    help: 'Requests not answered yet.',
    registers,
    collect() {
      this.set(inFlight().requests);
    },
  });
  new Gauge({
    name: 'sallyport_tunnels_open',
    help: 'WebSockets open now.',
    registers,
    collect() {
      this.set(inFlight().tunnels);
    },
  });
}

export interface MetricsServer {
  /** `host:port` it listens on. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` on an address of its own, and nothing else. Answers only to the names it was given, to loopback's
 * and to addresses: a page that rebinds its name to this address reads nothing.
 *
 * @param listen `host:port`
 */
export async function serveMetrics(
  metrics: Pick<Metrics, 'text' | 'contentType'>,
  listen: string,
): Promise<MetricsServer> {
  const { host, port } = splitListen(listen);
  const hosts = new Set([host, 'localhost', '127.0.0.1', '[::1]']);
  const server = createServer((request, response) => {
    const named = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
    // A name can be pointed anywhere by whoever owns it; an address cannot.
    if (!hosts.has(named) && isIP(named.replace(/^\[|\]$/g, '')) === 0) return void response.writeHead(421).end();
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { allow: 'GET' }).end();
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text),
      () => response.writeHead(503).end(),
    );
  });
  await listening(server, host, port);
  const bound = server.address() as AddressInfo;
  return {
    address: `${host}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host.replace(/^\[|\]$/g, ''), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function splitListen(listen: string): { host: string; port: number } {
  const at = listen.lastIndexOf(':');
  return { host: listen.slice(0, at).toLowerCase() || '127.0.0.1', port: Number(listen.slice(at + 1)) };
}
