import type { Terminal } from './terminal.ts';

/** How a command ends. Each command's page in docs/commands.md says what it uses them for. */
export const EXIT = {
  /** What the command says is so. */
  ok: 0,
  /** It is not so: a check failed, a switch was refused. */
  no: 1,
  /** The command could not be understood or could not begin: flags, configuration, no gate. */
  usage: 2,
  /** `status`: the gate runs, and nothing is blocked. */
  report: 3,
} as const;

/** What every command gets besides its own options. */
export interface Io {
  readonly terminal: Terminal;
  /** One JSON document on standard output instead of words. */
  readonly json: boolean;
}

/** Prints a report in the form asked for. */
export function present<T>(io: Io, report: T, format: (report: T) => string): void {
  io.terminal.out(io.json ? JSON.stringify(report, null, 2) : format(report));
}

/** Which gate a command speaks to. */
export interface GateFlags {
  listen?: string;
}

export interface EnforceFlags extends GateFlags {
  page?: string[];
  acceptFound?: boolean;
  rollout?: string;
  layer?: string;
}

export interface ReportFlags extends GateFlags {
  layer?: string;
}

export interface AuditFlags extends GateFlags {
  since?: string;
  actor?: string;
  action?: string;
  target?: string;
  limit?: number;
}

export interface VerifyFlags extends GateFlags {
  head?: string[];
}

export interface BanFlags extends GateFlags {
  session?: string;
  key?: string;
  subject?: string;
  prefix?: string;
  reason?: string;
  for?: number;
}

export interface AttackFlags {
  method?: string;
  page?: string;
  calls?: number;
  seconds?: number;
  tokenHeader?: string;
  create?: string;
  prices?: string;
}

export interface EvidenceFlags {
  config?: string;
  to?: string;
  at?: string;
  page?: string;
  calls?: number;
  layerCalls?: number;
  layers?: boolean;
  delays?: boolean;
  seconds?: number;
  prices?: string;
  compare?: string;
  markdown?: string;
  output?: string;
}

export interface DoctorFlags extends GateFlags {
  public?: string;
  page?: string[];
}

export interface UserAddFlags extends GateFlags {
  email?: string;
  role?: string[];
}

export interface UserRolesFlags extends GateFlags {
  /** Asked for, so that nobody loses every role by a line cut short. */
  none?: boolean;
}

export interface UserBlockFlags extends GateFlags {
  reason?: string;
  /** Seconds. */
  for?: number;
}
