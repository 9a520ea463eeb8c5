import type { MessagePort } from 'node:worker_threads';
import type { MakeOrder } from '../../builds/shared-maker.ts';
import type { Bundle } from '../../doors/script.ts';
import type { Config } from '../../guard/config.ts';
import type { BuildFigures } from '../../guard/guard.ts';
import type { Ban } from '../../guard/records.ts';
import type { Undone } from '../../guard/switch.ts';
import type { Terms } from '../../guard/terms.ts';
import type { NewBan } from '../../guard/ban-rule.ts';
import type { SessionFacts } from '../../guard/session-desk.ts';
import type { SharedMemory } from '../../stores/shared/memory.ts';
import type { AuditEntry, Reply } from '../admin-route.ts';
import type { OpenChallenge } from '../certificates/share.ts';
import type { DecisionRecord } from '../decision-record.ts';
import type { FoundRoute } from '../found.ts';
import type { GateStatus, PersonRoute } from '../gate-status.ts';
import type { Settings } from '../live.ts';
import type { LogLevel } from '../log.ts';
import type { MetricFigures } from '../metrics.ts';
import type { WatchedChange } from '../past.ts';
import type { Question } from '../admin-route.ts';
import type { ObservedPage, Watching } from '../observing.ts';
import type { RouteSeen } from '../routebook.ts';
import type { VisitorFacts } from '../summary.ts';

/** What every worker goes by. */
export interface InForce {
  /** The configuration as it was loaded; null where it holds functions, and workers read the file themselves. */
  readonly config: Config | null;
  /** What that file must come to: {@link digestOf}. */
  readonly digest: string;
  /** What it asks of pages, as the file has it. */
  readonly terms: Terms;
  /** What was switched live. */
  readonly settings: Settings;
  /** Found routes that were accepted live. */
  readonly accepted: readonly FoundRoute[];
}

/** What a worker is started with. Travels between threads of one process and nowhere else. */
export interface WorkerStart {
  /** Its place: 1 and up. One that is replaced leaves it to the next. */
  readonly worker: number;
  readonly secret: string;
  readonly memory: SharedMemory;
  /** The address that the gate listens on. */
  readonly host: string;
  readonly port: number;
  /** Whether the worker listens there itself, or is handed connections. */
  readonly listens: boolean;
  readonly current: InForce;
  /** What changed of late, for the guard rail. */
  readonly found: readonly WatchedChange[];
  /** Name and folder of the configuration file; ''. */
  readonly file: string;
  readonly folder: string;
  readonly started: number;
  readonly level: LogLevel;
  readonly readable: boolean;
  /** Name of the channel by which workers tell each other. */
  readonly channel: string;
  /** Who is banned, where records are the main thread's; null where the worker opens them itself. */
  readonly bans: readonly Ban[] | null;
  /** Who watches what passes; null for nobody. */
  readonly watching: Watching | null;
}

/** What the thread that supervises asks of a worker. */
export interface WorkerActions {
  /** Lets connections come. */
  open(): Promise<void>;
  /** Answers as soon as its event loop turns. */
  beat(): void;
  /** The build that its pages get; null where there are none. */
  build(): BuildFigures | null;
  status(): Promise<WorkerStatus>;
  routes(): WorkerRoutes;
  why(id: string): DecisionRecord | null;
  metrics(): Promise<MetricFigures>;
  sessions(): readonly SessionFacts[];
  revoke(label: string): Promise<SessionFacts | null>;
  revokeAll(): Promise<number>;
  /** A question to administration about what a guard alone knows: keys, users. */
  ask(question: Question): Promise<Reply>;
  /** Puts settings in force. */
  put(settings: Settings): void;
  /** Lists found routes; answers the rows. */
  amend(open: readonly FoundRoute[]): readonly string[];
  /** Takes up another configuration. */
  rebase(next: InForce): Promise<void>;
  /** Takes the last change back. */
  takeBack(): void;
  bans(bans: readonly Ban[]): void;
  /** Somebody watches what passes. */
  observe(watching: Watching): void;
  /** What came after the observation of this number; null where nobody watches by this name. */
  observed(question: { readonly token: string; readonly after: number }): ObservedPage | null;
  unobserve(token: string): void;
  challenge(challenge: OpenChallenge): void;
  certificate(): void;
  close(options: { readonly graceMs: number }): Promise<void>;
  connection(connection: { readonly peer: string; readonly port: MessagePort }): void;
}

/** What a worker asks of the thread that supervises it. */
export interface SupervisorActions {
  /** It is there, and waits for {@link WorkerActions.open}. */
  prepared(url: string): void;
  audit(entry: AuditEntry): Promise<void>;
  keepBan(ban: NewBan): Promise<boolean>;
  /** Lines of the log. */
  lines(text: string): void;
  challenge(challenge: OpenChallenge): Promise<void>;
  renewed(): void;
  /** Makes a build of the page's script, once for all who ask for the same. */
  makeBuild(order: MakeOrder): Promise<Bundle>;
  /** The guard rail of a worker puts a layer back, because of this change. */
  undo(undo: {
    readonly layer: string;
    readonly undone: Omit<Undone, 'of'>;
    readonly by: string;
    readonly change: WatchedChange;
  }): void;
  undone(undone: { readonly layer: string; readonly details: string }): Promise<void>;
}

export interface WorkerStatus {
  readonly status: GateStatus;
  readonly visitors: VisitorFacts;
}

export interface WorkerRoutes {
  /** As JSON: what a configuration holds cannot always be copied. */
  readonly config: string;
  readonly seen: readonly RouteSeen[];
  readonly persons: readonly PersonRoute[];
  /** Refused for their carrier, and not listed yet. */
  readonly pending: readonly DecisionRecord[];
}
