import type { Random } from '../doors/random.ts';
import type { KeyRing } from '../doors/seal.ts';
import {
  type Brought,
  type ChallengeBond,
  type ChallengeDesk,
  type ChallengePolicy,
  type Passed,
  stepsDone,
  type Way,
} from '../guard/challenge.ts';
import type { State } from '../guard/state.ts';
import type { ChallengeKind, ChallengeMember } from '../wire/challenge.ts';
import type { ChallengeProvider } from './provider.ts';
import { openToken, sealToken, splitSolution } from './token.ts';

export interface DeskParts {
  readonly ring: KeyRing;
  readonly random: Random;
  readonly wall: () => number;
  readonly state: State;
  /** Of now; null where nobody is asked. */
  readonly policy: () => ChallengePolicy | null;
  readonly providers: readonly ChallengeProvider[];
}

/** Milliseconds that a challenge is good for: the page solves it at once; people may take their time. */
const LIFE: Readonly<Record<ChallengeKind, number>> = {
  'proof-of-work': 120_000,
  wait: 120_000,
  turnstile: 300_000,
  hcaptcha: 300_000,
  recaptcha: 120_000,
  'recaptcha-enterprise': 120_000,
};

/** How far a sibling's clock may be ahead. */
const AHEAD_MS = 60_000;

/**
 * Gives challenges out and takes solutions back. Keeps nothing: what a challenge is about is sealed into its token, and that
 * it is used once is for the counter that it is bound to. To ask costs one seal, and never a derivation.
 */
export function createDesk(parts: DeskParts): ChallengeDesk {
  const { ring, random, wall, state, policy } = parts;
  const providers = new Map(parts.providers.map((provider) => [provider.kind, provider]));
  const providerOf = (kind: ChallengeKind): ChallengeProvider => {
    const provider = providers.get(kind);
    if (provider === undefined) throw new TypeError(`challenge: nothing here knows ${kind}`);
    return provider;
  };

  function ask(earns: Way, way: Way, bond: ChallengeBond, shared: boolean, saving: boolean): ChallengeMember {
    const gone = saving && way.kind === 'proof-of-work' ? { ...way, kind: 'wait' as const } : way;
    const content = { id: random(16).toString('base64url'), issued: wall(), earns, way: gone };
    const { kind, strength } = gone;
    const { id, issued } = content;
    const { action, counter } = bond;
    const alternative = way.kind === earns.kind ? (policy()?.alternative ?? null) : null;
    return {
      kind,
      id,
      action,
      token: sealToken(ring, content, bond),
      counter,
      shared,
      parameters: providerOf(kind).ask({ id, action, strength, issued }),
      alternative:
        alternative === null || alternative.kind === way.kind ? null : ask(earns, alternative, bond, shared, saving),
    };
  }

  return {
    ask: (earns, bond, { shared, saving }) => ask(earns, earns, bond, shared, saving),
    open(text, bond) {
      const parted = splitSolution(text);
      if (parted === null) return 'not a token and a solution';
      const content = openToken(ring, parted.token, bond);
      if (content === null) return 'not ours, or another session’s, call’s or route’s';
      const age = wall() - content.issued;
      if (age > LIFE[content.way.kind] || age < -AHEAD_MS) return 'too late';
      const { action } = bond;
      return { ...content, action, solution: parted.solution };
    },
    async verify({ way, id, action, issued, solution }, by): Promise<Passed> {
      const asked = { id, action, strength: way.strength, issued };
      const { hostname, session, prefix } = by;
      return providerOf(way.kind).verify(solution, asked, { hostname, now: wall(), session, prefix });
    },
    remember({ earns }: Brought, session) {
      const now = wall();
      const waits = stepsDone(earns, policy()?.scores ?? [])
        .map((step) => state.done({ now, session, account: '', step }))
        .filter((wait) => wait instanceof Promise);
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
    },
  };
}
