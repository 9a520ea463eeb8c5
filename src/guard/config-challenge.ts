import type { ChallengeProvidersConfig } from './config-challenge-providers.ts';

/** What sessions and calls are asked for besides their proof; docs/challenges.md. */
export interface ChallengeConfig extends ChallengeProvidersConfig {
  /** What is asked. `proof-of-work`: a little computing by the page, which nobody sees. Default `proof-of-work`. */
  kind?: AskedKind;
  /** Whether new sessions are asked at the second door; `auto`: while the gate is busy. Default `never`. */
  enter?: 'auto' | 'always' | 'never';
  /** Seconds for which a session that `auto` asked, and that passed, is not asked again. Default 3600. */
  remember?: number;
  /**
   * Another way for whoever cannot or will not go the way of a provider: a proof of work of eight times the usual size, or
   * none. Default `proof-of-work`.
   */
  alternative?: 'proof-of-work' | 'none';
  /** Iterations of PBKDF2 for each derivation of a proof of work, some 64 of them. Default 200. */
  cost?: number;
}

/** What a route or the second door can ask for. */
export type AskedKind = 'proof-of-work' | keyof ChallengeProvidersConfig;

/**
 * `always`: every call brings a solution of its own. `auto`: a session is asked when something speaks for it (failed
 * calls, most of a limit used up, a busy gate), and then not again for a while. Default `never`.
 */
export type RouteChallengeConfig = ChallengeWhen | RouteChallenge;

export type ChallengeWhen = 'auto' | 'always' | 'never';

export interface RouteChallenge {
  when: ChallengeWhen;
  /** Default: the configuration's own. */
  kind?: AskedKind;
  /** Least score, 0 to 1, for the kinds that have one. Default 0.5. */
  threshold?: number;
}
