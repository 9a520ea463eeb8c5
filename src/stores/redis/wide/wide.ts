import type { Eventually } from '../../../lib/eventually.ts';
import type { Claims } from '../../../guard/state.ts';

/**
 * What is counted over more than one session: limits by prefix, subject, key, route and in total, requests open at a time,
 * quotas of keys, new sessions. Such counters lie elsewhere than the session: this process takes shares of them ahead
 * and spends them here. A promise is answered only where a share has to be taken first; it rejects where that cannot be done,
 * and then nothing was taken.
 */
export interface Wide {
  /**
   * Takes what one request uses, of all its counters or of none; null where one has no room: the code is `limit`. Says what it
   * found in `claims.used`, save for a quota (guard/commit-failure.ts knows how to tell that). For a request that
   * nothing wider than its session counts it is {@link NOTHING_TAKEN}.
   *
   * To be called before the session's own claims are applied, which may still refuse: then `undo`.
   *
   * @param crowd the crowd with which the session counts (guard/crowd.ts); '' for none. Rules by session count here where it has
   *   one, beside what it is counted by itself.
   */
  take(claims: Claims, crowd: string): Eventually<Taken | null>;
  /**
   * Takes one new session's worth, as `EntryClaim` words it, and answers 0; or takes nothing and answers the seconds to wait
   * (1–20).
   *
   * @param now the guard's wall clock
   */
  mint(prefix: string, perMinute: number, perMinuteTotal: number, now: number): Eventually<number>;
  /** Gives back what was taken ahead, as far as it can still be told; rejects never. */
  close(): Promise<void>;
}

/** What one request took. */
export interface Taken {
  /** Whether anything is open until {@link end}. */
  readonly open: boolean;
  /** For a request that was refused after all: as if it had not been made. Once. */
  undo(): void;
  /** The request has ended: it is open no more. More than once is as good as once. */
  end(): void;
}

/** For requests that use nothing wider than their session. Compared by identity. */
export const NOTHING_TAKEN: Taken = Object.freeze({ open: false, undo() {}, end() {} });

/** A Lua script, by name for people and by SHA-1 for the server. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

/** What counters need of a connection: a single server or a Cluster. */
export interface ScriptRunner {
  /** Whether the keys of one call have to lie in one slot. */
  readonly cluster: boolean;
  /** EVALSHA, or EVAL where the server does not know it. Rejects where it cannot be done in time. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}
