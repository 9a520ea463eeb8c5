import { parseJson } from './answer.ts';
import { solveNatively } from '../challenges/solve.ts';
import { CHALLENGE_KINDS, type ChallengeMember, HEADER_CHALLENGE } from '../wire/challenge.ts';
import type { RawAnswer } from './http.ts';

/** The challenge in a refusal; null where it has none. */
export function challengeIn(answer: RawAnswer): ChallengeMember | null {
  const problem = parseJson(answer.body);
  const member = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'challenge') : undefined;
  return isMember(member) ? member : null;
}

function isMember(value: unknown): value is ChallengeMember {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, token, counter } = Object(value);
  const known = CHALLENGE_KINDS.some((one) => one === kind);
  return known && typeof id === 'string' && typeof token === 'string' && Number.isSafeInteger(counter);
}

/** The field that brings the solution, by computing; null for what takes more than that. */
export async function solutionField(member: ChallengeMember): Promise<readonly string[] | null> {
  const solution = await solveNatively(member);
  return solution === null ? null : [HEADER_CHALLENGE, `${member.token} ${solution}`];
}
