import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { ChallengeMember } from '../wire/challenge.ts';
import { puzzleOf } from '../wire/puzzle.ts';

/**
 * Solves a proof of work as a program does that is no browser: natively. Null for what takes no computing. For the lab, which
 * says what it costs whoever has such a program.
 */
export async function solveNatively({ kind, id, parameters }: ChallengeMember): Promise<string | null> {
  const { cost, puzzles } = parameters;
  if (kind !== 'proof-of-work' || typeof cost !== 'number' || typeof puzzles !== 'number') return null;
  const counters: number[] = [];
  for (let index = 0; index < puzzles; index++) {
    const solution = await solveChallenge({ challenge: { parameters: puzzleOf(id, cost, index) }, deriveKey });
    if (solution === null) return null;
    counters.push(solution.counter);
  }
  return counters.join('.');
}
