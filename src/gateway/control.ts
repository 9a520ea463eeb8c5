import { type LedgerLosses, NO_LOSSES } from '../guard/ledger.ts';
import { ConfigError } from '../guard/errors.ts';
import type { Config, Mode } from '../guard/config.ts';
import { knownWrites } from '../guard/anonymous.ts';
import type { ListStatus } from '../guard/lists.ts';
import type { Spending } from '../guard/cost-watch.ts';
import type { Policy } from '../guard/policy.ts';
import { foldPath } from '../wire/fold.ts';
import type { AdminActions, ModeChange } from './admin.ts';
import { AdminRefusal, type AuditEntry } from './admin-route.ts';
import { shownConfig } from './shown-config.ts';
import { type FoundRoute, foundRoutes, withFound } from './found.ts';
import { type DocumentField, documentFieldsOf } from './document-fields.ts';
import type { Gate, GateStats } from './gate.ts';
import type { FrameBook, FramedPage } from './frames.ts';
import { type Live, type Settings, type Words, wordsOf } from './live.ts';
import { isOtherPolicy } from './reached.ts';
import type { Probe, Probes } from './probes.ts';
import type { DecisionRecord } from './decision-record.ts';
import type { Records } from './records.ts';
import type { RouteSeen } from './routebook.ts';
import type { Summary } from './summary.ts';
import type { Switches } from './switches.ts';

/** Names of a pattern stand for what no object is called. */
function persons({ guard }: Gate): PersonRoute[] {
  return knownWrites(guard.policy).map(({ name, method, pattern }) => ({
    name,
    method: method === '' ? 'POST' : method,
    path: pattern.replace(/\*\*$/, '*').replace(/:\w+|\*/g, 'no-such-object'),
  }));
}

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
  /** True where the guard rail let it go on as it was before a change. */
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

/** What `POST /mode` answers. */
export interface ModeChanged {
  readonly before: Mode;
  readonly mode: Mode;
  /** Share of sessions that it enforces for. */
  readonly rollout: string;
  /** Rows that were listed by this change, ready to copy. */
  readonly lines: readonly string[];
  /** Who was switched: this gate alone, all that share its records, or all of them once records can be reached again. */
  readonly reach: 'here' | 'all' | 'later';
  /** Layers that go on as they were before a change that did harm. */
  readonly undone: readonly string[];
}

export interface ControlParts {
  readonly gate: Gate;
  readonly records: Records;
  readonly probes: Probes;
  readonly frames: FrameBook;
  readonly started: Date;
  readonly file: string;
  /** Its folder; ''. */
  readonly folder: string;
  readonly live: Live;
  /** How switches reach other gates; null where this gate shares no records. */
  readonly switches: Switches | null;
  /** Found routes that were accepted live before this process took over. */
  readonly accepted: readonly FoundRoute[];
  /** Told of all that were accepted so far, whenever there are more. */
  onAccepted(accepted: readonly FoundRoute[]): void;
  /** Reads the configuration anew; throws ConfigError. */
  load(): Promise<Config>;
  metrics(): Promise<string>;
  audit(entry: AuditEntry): Promise<void> | void;
  /** Who makes switches here, for other gates' status. */
  readonly by: string;
}

export interface Control extends AdminActions {
  /** What SIGHUP does: the mode that was switched live stays, unless the file's own changed. */
  reload(): Promise<{ readonly mode: Mode }>;
  /**
   * Lets a layer go on as it was before a change, until somebody switches it: everywhere where the change was a switch or a step
   * of a roll-out, here alone where it was another configuration.
   */
  undo(layer: string, before: Config, after: Config, by: string): void;
}

/** Refusals that `status` lists. */
export const LATEST = 500;

/** Administration of one gate: looks, switches, reloads. */
export function createControl(parts: ControlParts): Control {
  const { gate, records, live } = parts;
  let { accepted } = parts;

  const found = (): FoundRoute[] => foundRoutes(pendingOf(gate, records), records.routes());

  const accept = (open: readonly FoundRoute[]): readonly string[] => {
    const { config, lines } = withFound(live.base(), open);
    tried(() => live.amend(config));
    accepted = [...accepted, ...open];
    parts.onAccepted(accepted);
    return lines;
  };

  const change = async (asked: ModeChange): Promise<ModeChanged> => {
    const { mode, acceptFound, layer } = asked;
    const before = gate.mode();
    const open = toBeListed(asked, before, found());
    const lines = acceptFound && open.length > 0 ? accept(open) : [];
    const answer = (reach: ModeChanged['reach']): ModeChanged => {
      const rollout = gate.config.rollout ?? '100%';
      return { before, mode: gate.mode(), rollout, lines, reach, undone: live.restored() };
    };
    // Listing what was found, in report mode, is no switch.
    if (acceptFound && mode === 'report') return answer('here');
    tried(() => live.put(switched(live.settings(), wordsOf(live.base()), asked), layer));
    return answer(await spread(parts.switches, live.settings(), wordsOf(live.base()), parts.by));
  };

  return {
    status: () => describe(parts),
    why: (id) => records.get(id),
    routes: (): GateRoutes => ({ ...seenBy(gate, records), found: found() }),
    mode: change,
    async reload() {
      const config = await parts.load().catch(refused);
      tried(() => live.rebase(withAccepted(config, accepted)));
      return { mode: gate.mode() };
    },
    undo(layer, before, after, by) {
      if (isOtherPolicy(before, after)) {
        live.restore(layer, before);
        return;
      }
      const settings = live.settings();
      live.put({ ...settings, undone: { ...settings.undone, [layer]: wordsOf(before) } });
      void spread(parts.switches, live.settings(), wordsOf(live.base()), by);
    },
    metrics: parts.metrics,
    audit: parts.audit,
  };
}

/** Where a layer is named, the rest stays as it is; what was put back holds until somebody switches the layer itself. */
export function switched(settings: Settings, words: Words, { mode, rollout, layer }: ModeChange): Settings {
  const share = rollout === '' ? {} : { rollout };
  if (layer === '') return { ...settings, mode, ...share };
  const { [layer]: _undone, ...undone } = settings.undone ?? {};
  const { [layer]: before, ...layers } = settings.layers ?? {};
  const { mode: _mode, ...rest } = before ?? {};
  // A mode of its own would go before those of routes that only report: it gets one where the file has it report.
  const says = mode === 'report' || words.layers[layer]?.mode === 'report' ? { mode } : {};
  const own = { ...rest, ...says, ...share };
  return { ...settings, layers: Object.keys(own).length === 0 ? layers : { ...layers, [layer]: own }, undone };
}

/** Lets other gates know what holds here now. */
export async function spread(
  switches: Switches | null,
  settings: Settings,
  over: Words,
  by: string,
): Promise<ModeChanged['reach']> {
  if (switches === null) return 'here';
  return (await switches.publish({ at: Date.now(), by, settings, over })) ? 'all' : 'later';
}

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

export type Described = Pick<
  ControlParts,
  'gate' | 'records' | 'probes' | 'frames' | 'started' | 'file' | 'folder' | 'live' | 'switches'
>;

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
    framed: gate.guard.policy.config.securityHeaders === 'frameable' ? [] : frames.list(),
    lists: gate.guard.lists?.status() ?? [],
    probes: probes.list(),
  };
}

/** Refused for how they were made, on routes that do not list it yet. */
export const pendingOf = (gate: Gate, records: Records): DecisionRecord[] =>
  records.latest(10_000).filter((record) => !isListed(gate.guard.policy, record));

/**
 * The found routes that a switch lists, if it is to.
 * @throws {AdminRefusal} where it must not be made
 */
export function toBeListed(asked: ModeChange, before: Mode, found: readonly FoundRoute[]): readonly FoundRoute[] {
  const { mode, acceptFound, layer } = asked;
  const open = found.filter(({ alsoSigned }) => !alsoSigned);
  if (mode === 'enforce' && open.length > 0 && !acceptFound) throw notListed(open);
  if (layer !== '' && before === 'report') throw new AdminRefusal('the gate is in report mode; switch it on first');
  return open;
}

/** A configuration as it is read from its file, and the routes that were accepted live. */
export const withAccepted = (config: Config, accepted: readonly FoundRoute[]): Config =>
  withFound(config, unlisted(config, accepted)).config;

/** Whether policy now takes what was refused for its carrier when it was recorded. */
function isListed(policy: Policy, { method, path, carrier }: DecisionRecord): boolean {
  const rule = policy.match(method, path, foldPath(path));
  return rule.level === 'open' || rule.carriers.has(carrier) || (carrier === 'beacon' && rule.sync.has('beacon'));
}

/** What was accepted live and is not in the file yet. */
function unlisted(config: Config, accepted: readonly FoundRoute[]): FoundRoute[] {
  const listed = (match: string): boolean =>
    (config.routes ?? []).some((row) => row.match === match && row.carriers !== undefined);
  return accepted.filter(({ match }) => !listed(match));
}

function notListed(found: readonly FoundRoute[]): AdminRefusal {
  return new AdminRefusal('protected routes are used in ways that cannot sign, and are not listed', { found });
}

/** @throws {AdminRefusal} with the reason */
export function tried(act: () => void): void {
  try {
    act();
  } catch (error) {
    refused(error);
  }
}

/** What a configuration is refused for, to the person who asked. */
export function refused(error: unknown): never {
  if (error instanceof ConfigError) throw new AdminRefusal(error.message, { problems: error.problems });
  throw new AdminRefusal(error instanceof Error ? error.message : String(error));
}
