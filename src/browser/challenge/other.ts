import type { ChallengeMember } from '../../wire/challenge.ts';

/** Which challenge was solved, and how: the one that was asked, or its alternative. */
export interface Solved {
  readonly challenge: ChallengeMember;
  readonly solution: string;
}

/** How alternatives are solved, which need nothing of anybody else: the proof of work. */
export type SolveOther = (challenge: ChallengeMember) => Promise<string>;

/** The other way, which no person has to go themselves; null where there is none. Workers, which show nothing, have only this. */
export async function otherWay({ alternative }: ChallengeMember, other: SolveOther): Promise<Solved | null> {
  return alternative && { challenge: alternative, solution: await other(alternative) };
}
