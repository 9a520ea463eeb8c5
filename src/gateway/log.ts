import { type Logger, type LoggerOptions, pino, type DestinationStream } from 'pino';
import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { visible } from '../lib/visible.ts';
import { withoutKeys } from '../wire/key.ts';
import { createBurst } from './burst.ts';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export interface Log {
  /** For `Guard.onDecision`: one line per refusal and would-be refusal, none for what passes. */
  decided(decision: Decision, view: RequestView): void;
  info(message: string, details?: LogDetails): void;
  warn(message: string, details?: LogDetails): void;
  /** A fault of ours or of the backend's. The error's text is written, its stack at level debug only. */
  error(message: string, error: unknown, details?: LogDetails): void;
  flush(): void;
}

/** Fields of a line. Whoever calls sees to it that none is a secret. */
export type LogDetails = Readonly<Record<string, string | number | boolean | null>>;

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Which of the gate's workers writes, to be named in each line. Default: none is named. */
  readonly worker?: number;
  /** Where lines go. Default standard output, without blocking on a slow reader. */
  readonly destination?: DestinationStream;
  /** One readable line instead of JSON, and of a burst of refusals its first lines. Default: where standard output is a terminal. */
  readonly readable?: boolean;
}

const MAX_PATH = 256;

/** A terminal that scrolls away tells nobody anything, and waiting for it would hold up the gate. */
const TERMINAL_BURST = { most: 20, window: 10_000 };

export function createLog(options: LogOptions = {}): Log {
  const readable = options.readable ?? process.stdout.isTTY === true;
  const output = options.destination ?? pino.destination({ fd: 1, sync: readable });
  const settings: LoggerOptions = {
    level: options.level ?? 'info',
    base: options.worker === undefined ? null : { worker: options.worker },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  const logger: Logger = pino(settings, readable ? toReadable(output) : output);
  const burst = createBurst({
    ...TERMINAL_BURST,
    leftOut: (count) => logger.warn(`${count} more in the last seconds; sallyport status sums them up`),
  });
  return {
    decided(decision, view) {
      if (decision.trail.length === 0 && decision.outcome === 'admit') return;
      if (readable && decision.outcome !== 'error' && !burst.admit()) return;
      const refused = decision.outcome !== 'admit';
      const line = decisionLine(decision, view);
      if (decision.outcome === 'error') logger.error(line, 'fault');
      else if (refused) logger.warn(line, decision.openFor === undefined ? 'refused' : 'ended');
      else logger.info(line, 'would refuse');
    },
    info: (message, details) => logger.info(details ?? {}, message),
    warn: (message, details) => logger.warn(details ?? {}, message),
    error(message, error, details) {
      const stack = logger.isLevelEnabled('debug') && error instanceof Error ? { stack: error.stack } : {};
      logger.error({ ...details, error: textOf(error), ...stack }, message);
    },
    flush() {
      burst.end();
      logger.flush();
    },
  };
}

/**
 * What a line says of a decision: reason, rule, time and session label (ASVS 16.2), the id that the client was given,
 * and never a header, a query, a body or a whole address.
 */
function decisionLine(decision: Decision, view: RequestView): object {
  const first = decision.trail[0];
  return {
    id: decision.id,
    code: decision.code || first?.code,
    layer: decision.layer || first?.layer,
    route: decision.route.name,
    method: view.method.slice(0, 32),
    path: withoutKeys(view.path).slice(0, MAX_PATH),
    carrier: decision.carrier,
    session: decision.session || undefined,
    prefix: decision.prefix,
    evidence: first?.evidence || undefined,
  };
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.message}${code}`;
}

/** Turns pino's JSON into one line for people: time, level, message, then name=value. */
function toReadable(output: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      output.write(readableLine(line));
    },
  };
}

export function readableLine(json: string): string {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== 'object' || parsed === null) return json;
  const { time, level, msg, ...rest } = parsed as Record<string, unknown>;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${plain(value)}`);
  return `${[String(time).slice(11, 19), String(level).padEnd(5), String(msg), ...details].join(' ')}\n`;
}

/** Quoted where it holds anything but visible ASCII: what a request brought must not drive the terminal. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\x21-\x7e]+$/.test(text) ? text : visible(JSON.stringify(text));
}
