import type { ChallengeKind, ChallengeMember } from '../wire/challenge.ts';
import type { Config, RouteConfig } from './config.ts';
import type { ChallengeWhen, RouteChallenge } from './config-challenge.ts';
import type { RequestView } from './view.ts';
import type { OrderRule, Step } from './order.ts';
import type { SessionRef } from './state.ts';
import { ruleNumber } from './use.ts';
import { hostOf } from '../lib/loopback.ts';

/** The challenge of one route. */
export interface ChallengeRule {
  readonly when: 'auto' | 'always';
  /** What the solution is for: the route's `match`. */
  readonly action: string;
  readonly kind: ChallengeKind;
  /** Least strength; see {@link Way.strength}. What is asked may be more. */
  readonly strength: number;
}

/** One way to pass. */
export interface Way {
  readonly kind: ChallengeKind;
  /** Proof of work and waiting: 0 to {@link MOST_STRENGTH}, each twice the one before. Scores: the threshold times 100. */
  readonly strength: number;
}

/** What holds for all challenges of a configuration. */
export interface ChallengePolicy {
  /** What new sessions are asked for. */
  readonly door: { readonly when: ChallengeWhen; readonly way: Way };
  /** Milliseconds. */
  readonly remember: number;
  /** For whoever cannot or will not go the way of a provider; null for none. */
  readonly alternative: Way | null;
  /** Strengths that routes ask for: who has shown more has shown these. */
  readonly scores: readonly number[];
  /** Iterations of a proof of work. */
  readonly cost: number;
}

export const MOST_STRENGTH = 3;

/** The most that `auto` asks: more would make people on slow devices wait, of whom a gate that is busy knows nothing. */
export const MOST_ASKED = 1;

/** What a challenge is bound to. */
export interface ChallengeBond {
  /** Session id, 16 bytes base64url; '' for an entry, which has none yet. */
  readonly session: string;
  /** The ticket's id; for an entry the page's key. */
  readonly holder: string;
  /** Counter of the call that brings the solution, and of no other; 0 for an entry. */
  readonly counter: number;
  readonly action: string;
}

/** A solution whose token was ours, for this bond, and in time. Whether it solves anything is not known yet. */
export interface Brought {
  /** What was asked for. */
  readonly earns: Way;
  /** How it was solved. */
  readonly way: Way;
  readonly id: string;
  readonly action: string;
  readonly issued: number;
  readonly solution: string;
}

/** Who brings a solution, as verified. */
export interface Bringer {
  readonly session: SessionRef | null;
  readonly prefix: string;
  /** Host of the page, without port. */
  readonly hostname: string;
}

/** Where challenges come from and go back to: src/challenges/desk.ts. */
export interface ChallengeDesk {
  /** A new challenge. `saving`: the browser has to save, and waits in place of working. */
  ask(earns: Way, bond: ChallengeBond, how: { readonly shared: boolean; readonly saving: boolean }): ChallengeMember;
  /** What `token solution` brings; a text for the record where it is none of ours, another's, or too late. */
  open(text: string, bond: ChallengeBond): Brought | string;
  /** Whether it is solved. Only after its counter has been used up; of one without, doors/entry-challenge.ts says when. */
  verify(brought: Brought, by: Bringer): Promise<Passed>;
  /** A session has passed, and is not asked again for a while. */
  remember(brought: Brought, session: SessionRef): void | Promise<void>;
}

/** A challenge that a refusal would bring; made only where it does. */
export interface Asking {
  /** Why, for the record. */
  readonly reasons: string;
  member(): ChallengeMember;
}

export type Passed =
  | { readonly outcome: 'passed'; readonly note?: string }
  | { readonly outcome: 'refused' | 'unreachable'; readonly reason: string };

const NAME = 'challenge: ';

/** A pass is kept as a step that the session has done (guard/order.ts): no state of its own is needed. */
function stepOf({ kind, strength }: Way): Step {
  const name = `${NAME}${kind} ${strength}`;
  return { number: ruleNumber(name), name };
}

/** Whether a step that a commit found missing is a challenge that was not passed. */
export const isChallengeStep = (missing: string): boolean => missing.startsWith(NAME);

/** That the session has passed this, and lately. */
export function passedRule(way: Way, remember: number): OrderRule {
  const step = stepOf(way);
  return { number: step.number, name: step.name, after: [step], within: remember, notBefore: 0, atMost: 0 };
}

/** Numbers of the steps that are done by passing this: its own, and those that ask for less. `scores`: thresholds in use. */
export function stepsDone({ kind, strength }: Way, scores: readonly number[]): readonly number[] {
  const strengths = kind === 'proof-of-work' ? [0, 1, 2, 3] : [...new Set([0, strength, ...scores])];
  return strengths.filter((less) => less <= strength).map((less) => stepOf({ kind, strength: less }).number);
}

/** A route's `challenge`, written out. */
export function challengeOf({ challenge = 'never' }: RouteConfig): RouteChallenge {
  return typeof challenge === 'string' ? { when: challenge } : challenge;
}

/** What a route's `challenge` comes to; null for none. */
export function compileChallenge(config: Config, route: RouteConfig): ChallengeRule | null {
  const { when, kind = config.challenge?.kind ?? 'proof-of-work', threshold = 0.5 } = challengeOf(route);
  if (when === 'never') return null;
  const strength = SCORED.has(kind) ? Math.round(threshold * 100) : 0;
  return Object.freeze({ when, action: route.match, kind, strength });
}

/** Kinds that come with a score. */
export const SCORED: ReadonlySet<ChallengeKind> = new Set(['recaptcha', 'recaptcha-enterprise']);

/** What is asked of a request that falls under two rules: the one that asks for more. */
export function bothChallenges(first: ChallengeRule | null, second: ChallengeRule | null): ChallengeRule | null {
  if (first === null || second === null) return first ?? second;
  const weight = ({ when, strength }: ChallengeRule): number => (when === 'always' ? 1000 : 0) + strength;
  return weight(second) > weight(first) ? second : first;
}

/** Null where nothing asks for a challenge. */
export function compileChallengePolicy(config: Config): ChallengePolicy | null {
  const { challenge, routes = [] } = config;
  const rules = routes.map((route) => compileChallenge(config, route)).filter((rule) => rule !== null);
  if (challenge === undefined && rules.length === 0) return null;
  const {
    kind = 'proof-of-work',
    enter = 'never',
    remember = 3600,
    alternative = 'proof-of-work',
    cost,
  } = challenge ?? {};
  return Object.freeze({
    door: { when: enter, way: { kind, strength: SCORED.has(kind) ? 50 : 0 } },
    remember: remember * 1000,
    alternative: alternative === 'none' ? null : { kind: alternative, strength: MOST_STRENGTH },
    scores: [...new Set(rules.map(({ strength }) => strength))],
    cost: cost ?? DEFAULT_COST,
  });
}

/** Iterations of PBKDF2 where nobody says otherwise: docs/challenges.md has what that takes whom. */
const DEFAULT_COST = 200;

/** Host of the page that a request comes from. */
export function pageHost({ headers: { origin } }: RequestView, authority: string): string {
  return hostOf((origin === '' ? authority : origin.slice(origin.indexOf('//') + 2)).toLowerCase());
}

/** What speaks for asking. */
export interface Risk {
  /** How much is asked: 0 to {@link MOST_ASKED}; below 0 nothing. */
  readonly strength: number;
  /** For the record. */
  readonly reasons: string;
}

/** What is known of sessions here and now; src/challenges/risk.ts. Sessions by their public label. */
export interface RiskBook {
  /** `seconds`: how old the session is. */
  of(session: string, seconds: number): Risk;
  /** Of whoever has no session yet. */
  atDoor(): Risk;
  /** A signed call of the session was refused; `proof` tells one from another. */
  failed(session: string, proof: string): void;
  /** It has used up most of a limit. */
  usedUp(session: string): void;
  /** Whether it counts with the crowd of its network. */
  crowded(session: string, crowded: boolean): void;
}
