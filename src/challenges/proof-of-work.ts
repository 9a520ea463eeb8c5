import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { parseCounters, puzzleOf } from '../wire/puzzle.ts';
import type { ChallengeProvider, Verified } from './provider.ts';

/** Puzzles of the weakest proof; each stronger one has twice as many. */
const PUZZLES = 4;
/** Solutions that are looked at at a time: each keeps a thread busy for a moment. */
const MOST_AT_A_TIME = 64;

const SOLVED: Verified = Object.freeze({ outcome: 'passed' });
const NO_SOLUTION: Verified = Object.freeze({ outcome: 'refused', reason: 'no solution of these puzzles' });
const BUSY: Verified = Object.freeze({ outcome: 'unreachable', reason: 'too many solutions at a time' });

/**
 * A little computing. PBKDF2, because browsers have it built in and are nearly as fast at it as a program of one's own; what
 * such a program pays on one core is in docs/challenges.md. To look at a solution costs one derivation for each puzzle, on
 * another thread, and stops at the first that does not fit.
 */
export function createProofOfWork(cost: () => number): ChallengeProvider {
  let looking = 0;
  const count = (strength: number): number => PUZZLES * 2 ** strength;
  return {
    kind: 'proof-of-work',
    ask: ({ strength }) => ({ cost: cost(), puzzles: count(strength) }),
    async verify(solution, { id, strength }) {
      const counters = parseCounters(solution, count(strength));
      if (counters === null) return NO_SOLUTION;
      if (looking >= MOST_AT_A_TIME) return BUSY;
      looking++;
      try {
        for (const [index, counter] of counters.entries())
          if (!(await fits(puzzleOf(id, cost(), index), counter))) return NO_SOLUTION;
        return SOLVED;
      } finally {
        looking--;
      }
    },
  };
}

/** As altcha-lib's solvers try it: the nonce, and the counter as four bytes. */
async function fits(puzzle: ReturnType<typeof puzzleOf>, counter: number): Promise<boolean> {
  const password = Buffer.alloc(20);
  password.write(puzzle.nonce, 'hex');
  password.writeUInt32BE(counter, 16);
  const { derivedKey } = await deriveKey(puzzle, Buffer.from(puzzle.salt, 'hex'), password);
  return Buffer.from(derivedKey).toString('hex').startsWith(puzzle.keyPrefix);
}
