import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseShare } from '../guard/rollout.ts';
import type { Io } from './command.ts';

/** What every group of commands gets. */
export interface CommandParts {
  readonly io: (options: Json) => Io;
  /** Told how the command ended. */
  readonly ended: (code: number) => void;
}

export interface Json {
  json?: boolean;
}

/** For commands that speak to a running gate. */
export const gateFlags = (command: Command): Command => jsonFlag(listenFlag(command));

export const listenFlag = (command: Command): Command =>
  command.option('--listen <host:port>', 'which gate, where several run');

export const jsonFlag = (command: Command): Command =>
  command.addOption(new Option('--json', 'one JSON document instead of words'));

export const repeat = (value: string, before: string[] = []): string[] => [...before, value];

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `15m`, `12h`, `30d`, in seconds. */
export function duration(value: string): number {
  const [, number, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(value) ?? [];
  if (number !== undefined) return Number(number) * (UNITS[unit] ?? 1);
  throw new InvalidArgumentError('write a number and its unit, as 90s, 15m, 12h or 30d.');
}

/** `5%`, and `5` for those whose shell or habit leaves the sign out. */
export function share(value: string): string {
  const written = value.endsWith('%') ? value : `${value}%`;
  if (parseShare(written) !== null) return written;
  throw new InvalidArgumentError('write a share of the sessions, as 5% or 0.5%.');
}

export function wholeNumber(value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('write a whole number, 1 or more.');
}

/** The flags that stand for the configuration; the gate and `check` take them. */
export function configFlags(command: Command): Command {
  return command
    .option('--to <url>', 'backend to forward to, as http://localhost:3000')
    .option('--listen <host:port>', 'where people reach the gate (default 127.0.0.1:4000)')
    .option('--mode <mode>', 'report: decide and record only (default); enforce: refuse')
    .option('--workers <count>', 'threads that answer on the port; auto: one for each core (default 1)')
    .option('--protect <pattern>', 'what needs a proof; repeatable (default /api/**)', repeat)
    .option('--open <pattern>', 'exception, matched byte for byte: webhooks, login callbacks; repeatable', repeat)
    .option('--frontend <dir>', 'serve this built frontend; index.html answers unknown pages')
    .option('--state <url>', 'sessions and counters: memory (default), or redis://HOST:PORT for several gates')
    .option('--records <url>', 'logins, keys, bans, audit: memory (default), sqlite:PATH or postgres://…')
    .option('--public <origin>', 'origin people see, as https://app.example')
    .option('--host <host>', 'further Host the gate answers for; repeatable', repeat)
    .option('--tls', 'terminate TLS here, by a certificate for localhost that the gate makes')
    .option('--tls-cert <file>', 'certificate (PEM), to terminate TLS here')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--trusted-proxy <cidr>', 'network whose forwarding headers are believed; repeatable', repeat)
    .option('--insecure-http', 'pages on plain HTTP in a private network; report mode only')
    .option('--metrics <host:port>', 'Prometheus metrics on an address of their own')
    .option('--config <file>', 'configuration (default sallyport.config.ts, .js, .mjs or .json here)');
}
