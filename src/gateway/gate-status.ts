import type { BehaviourFigures } from '../guard/behaviour.ts';
import { knownWrites } from '../guard/anonymous.ts';
import type { Config, Mode } from '../guard/config.ts';
import type { Spending } from '../guard/cost-watch.ts';
import { type LedgerLosses, NO_LOSSES } from '../guard/ledger.ts';
import type { ListStatus } from '../guard/lists.ts';
import type { Policy } from '../guard/policy.ts';
import { wordsOf } from '../guard/terms.ts';
import { foldPath } from '../wire/fold.ts';
import type { DecisionRecord } from './decision-record.ts';
import { type DocumentField, documentFieldsOf } from './document-fields.ts';
import type { FoundRoute } from './found.ts';
import type { FrameBook, FramedPage } from './frames.ts';
import type { Gate, GateStats } from './gate.ts';
import type { Live } from './live.ts';
import type { Probe, Probes } from './probes.ts';
import type { Records } from './records.ts';
import type { RouteSeen } from './routebook.ts';
import { shownConfig } from './shown-config.ts';
import type { Summary } from './summary.ts';
import type { Switches } from './switches.ts';

/** What `GET /status` of the administration answers. */
export interface GateStatus {
  readonly pid: number;
  readonly url: string;
  readonly listen: string;
  readonly to: string;
  readonly mode: Mode;
  /** Share of sessions that enforce mode is for: `100%`. */
  readonly rollout: string;
  /** Layers with a mode or share of their own, or that were put back to what they were before a change. */
  readonly layers: readonly LayerStatus[];
  /** The last live switch that travelled; null where none did. */
  readonly switched: { readonly at: string; readonly by: string } | null;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** Name of the configuration file; '' without one. */
  readonly file: string;
  /** Folder of that file; ''. */
  readonly folder: string;
  readonly protect: readonly string[];
  readonly open: readonly string[];
  readonly mount: string;
  /** Security headers that enforce mode adds to pages where the backend sends none. */
  readonly documentFields: readonly DocumentField[];
  readonly tls: boolean;
  readonly public: string;
  readonly trustedProxies: readonly string[];
  /** The threads that answer; null where there is one. */
  readonly workers: WorkersStatus | null;
  readonly traffic: GateStats;
  readonly summary: Summary;
  /** Refusals and would-be refusals, latest first. */
  readonly latest: readonly DecisionRecord[];
  /** What was spent of budgets for all; null where records cannot be reached. */
  readonly budgets: readonly Spending[] | null;
  /** What the server that counts money has forgotten. */
  readonly losses: LedgerLosses;
  /** Pages that other sites show in frames, which enforce mode ends. */
  readonly framed: readonly FramedPage[];
  /** What was learned of how the app is used; null where nothing is. */
  readonly behaviour: BehaviourFigures | null;
  /** Published lists of networks, and how each of them is. */
  readonly lists: readonly ListStatus[];
  /** How `doctor`'s own requests arrived. */
  readonly probes: readonly Probe[];
}

export interface WorkersStatus {
  /** Those that said so just now. */
  readonly answering: number;
  /** So often one was replaced, since the start. */
  readonly replaced: number;
  /** So often one was ended because it had hung. */
  readonly hung: number;
}

export interface LayerStatus {
  readonly name: string;
  /** '' where it is the gate's. */
  readonly mode: Mode | '';
  /** '' where it is the gate's. */
  readonly rollout: string;
  /** True where the guard rail put it back, for all or for sessions from before a new version. */
  readonly undone: boolean;
}

/** What `GET /routes` answers. */
export interface GateRoutes {
  readonly config: Config;
  readonly seen: readonly RouteSeen[];
  /** Routes that change data and ask for somebody. */
  readonly persons: readonly PersonRoute[];
  /** Protected routes that pages use in ways that cannot sign, not listed yet. */
  readonly found: readonly FoundRoute[];
}

/** A route that asks for somebody, and how to call it. */
export interface PersonRoute {
  readonly name: string;
  readonly method: string;
  /** A path of it that names no object. */
  readonly path: string;
}

/** Refusals that `status` lists. */
export const LATEST = 500;

function layersOf(config: Config, restored: readonly string[]): LayerStatus[] {
  const { layers } = wordsOf(config);
  return [...new Set([...Object.keys(layers), ...restored])].map((name) => ({
    name,
    mode: layers[name]?.mode ?? '',
    rollout: layers[name]?.rollout ?? '',
    undone: restored.includes(name),
  }));
}

/** What a gate knows of its routes by itself. */
export const seenBy = (gate: Gate, records: Records): Omit<GateRoutes, 'found'> => ({
  config: shownConfig(gate.config),
  seen: records.routes(),
  persons: persons(gate),
});

/** A gate, and what is known of it. */
export interface Described {
  readonly gate: Gate;
  readonly records: Records;
  readonly probes: Probes;
  readonly frames: FrameBook;
  readonly started: Date;
  /** Name of the configuration file; '' without one. */
  readonly file: string;
  /** Its folder; ''. */
  readonly folder: string;
  readonly live: Live;
  /** How switches reach other gates; null where this gate shares no records. */
  readonly switches: Switches | null;
}

/** Who switched last, and when. */
export function lastOf(switches: Switches | null): GateStatus['switched'] {
  const last = switches?.last() ?? null;
  return last === null ? null : { at: new Date(last.at).toISOString(), by: last.by };
}

export async function describe(described: Described): Promise<GateStatus> {
  const { gate, records, probes, frames, started, file, folder, live, switches } = described;
  const { config } = gate;
  return {
    pid: process.pid,
    url: gate.url,
    listen: config.listen ?? '',
    to: config.to ?? '',
    mode: gate.mode(),
    rollout: config.rollout ?? '100%',
    layers: layersOf(config, live.restored()),
    switched: lastOf(switches),
    started: started.toISOString(),
    file,
    folder,
    protect: config.protect ?? ['/api/**'],
    open: config.open ?? [],
    mount: gate.guard.policy.mount,
    documentFields: documentFieldsOf(gate.guard.policy),
    tls: config.tls !== undefined,
    public: config.public ?? '',
    trustedProxies: config.trustedProxies ?? [],
    workers: null,
    traffic: gate.stats(),
    summary: records.summary(),
    latest: records.latest(LATEST),
    losses: gate.guard.budgets?.losses() ?? NO_LOSSES,
    budgets: gate.guard.budgets === undefined ? [] : await gate.guard.budgets.spending().catch(() => null),
    behaviour: gate.guard.behaviour?.() ?? null,
    framed: gate.guard.policy.config.securityHeaders === 'frameable' ? [] : frames.list(),
    lists: gate.guard.lists?.status() ?? [],
    probes: probes.list(),
  };
}

/** Names of a pattern stand for what no object is called. */
function persons({ guard }: Gate): PersonRoute[] {
  return knownWrites(guard.policy).map(({ name, method, pattern }) => ({
    name,
    method: method === '' ? 'POST' : method,
    path: pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'no-such-object'),
  }));
}

/** Refused for how they were made, on routes that do not list it yet. */
export const pendingOf = (gate: Gate, records: Records): DecisionRecord[] =>
  records.latest(10_000).filter((record) => !isListed(gate.guard.policy, record));

/** Whether policy now takes what was refused for its carrier when it was recorded. */
function isListed(policy: Policy, { method, path, carrier }: DecisionRecord): boolean {
  const rule = policy.match(method, path, foldPath(path));
  return rule.level === 'open' || rule.carriers.has(carrier) || (carrier === 'beacon' && rule.sync.has('beacon'));
}
