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
