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
import type { Probe, Probes } from './probes.ts';
import type { DecisionRecord } from './decision-record.ts';
import type { Records } from './records.ts';
import type { RouteSeen } from './routebook.ts';
import type { Summary } from './summary.ts';

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
  readonly traffic: GateStats;
  readonly summary: Summary;
  /** Refusals and would-be refusals, latest first. */
  readonly latest: readonly DecisionRecord[];
  /** What was spent of budgets for all; null where records cannot be reached. */
  readonly budgets: readonly Spending[] | null;
  /** Pages that other sites show in frames, which enforce mode ends. */
  readonly framed: readonly FramedPage[];
  /** Published lists of networks, and how each of them is. */
  readonly lists: readonly ListStatus[];
  /** How `doctor`'s own requests arrived. */
  readonly probes: readonly Probe[];
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
  /** Rows that were listed by this change, ready to copy. */
  readonly lines: readonly string[];
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
  /** Mode that file and flags name, which a live switch may differ from. */
  readonly fileMode: Mode;
  /** Found routes that were accepted live before this process took over. */
  readonly accepted: readonly FoundRoute[];
  /** Told of all that were accepted so far, whenever there are more. */
  onAccepted(accepted: readonly FoundRoute[]): void;
  /** Reads the configuration anew; throws ConfigError. */
  load(): Promise<Config>;
  metrics(): Promise<string>;
  audit(entry: AuditEntry): Promise<void> | void;
}

export interface Control extends AdminActions {
  /** What SIGHUP does: the mode that was switched live stays, unless the file's own changed. */
  reload(): Promise<{ readonly mode: Mode }>;
}

const LATEST = 500;

/** Administration of one gate: looks, switches, reloads. */
export function createControl(parts: ControlParts): Control {
  const { gate, records } = parts;
  let loadedMode = parts.fileMode;
  let { accepted } = parts;

  const found = (): FoundRoute[] =>
    foundRoutes(
      records.latest(10_000).filter((record) => !isListed(gate.guard.policy, record)),
      records.routes(),
    );

  const change = ({ mode, acceptFound }: ModeChange): ModeChanged => {
    const before = gate.mode();
    const open = found().filter(({ alsoSigned }) => !alsoSigned);
    if (mode === 'enforce' && open.length > 0 && !acceptFound) throw notListed(open);
    const { config, lines } = acceptFound ? withFound(gate.config, open) : { config: gate.config, lines: [] };
    apply(gate, { ...config, mode });
    if (acceptFound && open.length > 0) {
      accepted = [...accepted, ...open];
      parts.onAccepted(accepted);
    }
    return { before, mode, lines };
  };

  return {
    status: () => describe(parts),
    why: (id) => records.get(id),
    routes: (): GateRoutes => ({
      config: shownConfig(gate.config),
      seen: records.routes(),
      found: found(),
      persons: persons(gate),
    }),
    mode: change,
    async reload() {
      const config = await parts.load().catch(refused);
      const fileMode = config.mode ?? 'report';
      const mode = fileMode === loadedMode ? gate.mode() : fileMode;
      apply(gate, { ...withFound(config, unlisted(config, accepted)).config, mode });
      loadedMode = fileMode;
      return { mode };
    },
    metrics: parts.metrics,
    audit: parts.audit,
  };
}

async function describe({ gate, records, probes, frames, started, file, folder }: ControlParts): Promise<GateStatus> {
  const { config } = gate;
  return {
    pid: process.pid,
    url: gate.url,
    listen: config.listen ?? '',
    to: config.to ?? '',
    mode: gate.mode(),
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
    traffic: gate.stats(),
    summary: records.summary(),
    latest: records.latest(LATEST),
    budgets: gate.guard.budgets === undefined ? [] : await gate.guard.budgets.spending().catch(() => null),
    framed: gate.guard.policy.config.securityHeaders === 'frameable' ? [] : frames.list(),
    lists: gate.guard.lists?.status() ?? [],
    probes: probes.list(),
  };
}

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

function apply(gate: Gate, config: Config): void {
  try {
    gate.reload(config);
  } catch (error) {
    refused(error);
  }
}

function refused(error: unknown): never {
  if (error instanceof ConfigError) throw new AdminRefusal(error.message, { problems: error.problems });
  throw new AdminRefusal(error instanceof Error ? error.message : String(error));
}
