/** Stable names of what can go wrong outside a request. Refusals of requests are values, not errors (wire/codes.ts). */
export type ErrorCode = 'config' | 'listen' | 'admin' | 'browser' | 'usage' | 'records' | 'keys' | 'state';

/** Base of all errors that are meant for people. A programmer's misuse is a TypeError instead. */
export class SallyportError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * State or a provider cannot be reached, or not in time: `whenUnsure` says what becomes of requests meanwhile. Whatever else
 * a store throws is a defect, and refuses.
 */
export class UnreachableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreachableError';
  }
}

/** One thing that is wrong in a configuration. */
export interface ConfigProblem {
  /** Where: `routes[0].level`, `--listen`. */
  readonly field: string;
  /** What stands there, as JSON, shortened; `nothing` where the field is missing. */
  readonly value: string;
  /** What has to stand there, and where it is not obvious, why. */
  readonly rule: string;
}

/** A configuration that cannot be used. `message` has one line per problem: what, where, how to fix. */
export class ConfigError extends SallyportError {
  readonly source: string;
  readonly problems: readonly ConfigProblem[];

  /** @param source where the configuration came from: a file's name, `command line` */
  constructor(source: string, problems: readonly ConfigProblem[]) {
    super('config', problems.map((problem) => toLine(source, problem)).join('\n'));
    this.source = source;
    this.problems = problems;
  }
}

function toLine(source: string, { field, value, rule }: ConfigProblem): string {
  return `${source}: ${field === '' ? '' : `${field} is `}${value}; ${rule}`;
}
