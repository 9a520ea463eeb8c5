import { misconfigured, refused, type Verification } from './outcome.ts';

/** A score from 0 (surely a program) to 1; `why` are the provider's reasons for it, for the record. */
export function judgeScore(score: unknown, threshold: number, why: readonly string[] = []): Verification {
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    return misconfigured('the provider gives no score: this key is of another kind');
  }
  const said = [`score ${Math.round(score * 100) / 100}`, ...why].join(', ');
  return score >= threshold ? { kind: 'passed', note: said } : refused(`${said}; ${threshold} or more passes`);
}
