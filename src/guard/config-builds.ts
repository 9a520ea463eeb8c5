/**
 * Builds of the page's script that differ (docs/builds.md): part of {@link import('./config.ts').Config}. A speed bump:
 * it costs whoever copies the script time, and stops nobody who runs it. Needs the package `javascript-obfuscator`.
 */
export interface BuildsConfig {
  /** When there is another build: with each `release` (of this package, or as `release` below names yours), or each `hour`. */
  each: 'release' | 'hour';
  /** Hours that a build opens the second door, 2 to 48; for `hour`. Default 3. Pages that are older get the script of now by themselves. */
  live?: number;
  /** Name of your own release, for `release`: another name is another build. Default none. */
  release?: string;
  /** Ids of builds of other releases that are taken as well, 8 at most: while gates are replaced one by one. Default none. */
  also?: string[];
  /**
   * Clients that may go on with the plain protocol: frontends that bundle `sallyport/browser`, programs of your own. Default
   * none. For whoever copies the frontend this is the way around builds.
   */
  plain?: string[];
}

/** What a configuration's `builds` comes to. */
export interface BuildsRule {
  readonly each: 'release' | 'hour';
  /** Hours. */
  readonly live: number;
  readonly release: string;
  readonly also: readonly string[];
  readonly plain: ReadonlySet<string>;
}

const DEFAULT_LIVE_HOURS = 3;

export function compileBuilds(given: BuildsConfig['each'] | BuildsConfig | undefined): BuildsRule | null {
  if (given === undefined) return null;
  const {
    each,
    live = DEFAULT_LIVE_HOURS,
    release = '',
    also = [],
    plain = [],
  } = typeof given === 'string' ? { each: given } : given;
  return Object.freeze({ each, live, release, also, plain: new Set(plain) });
}
