import type { FoundRoute } from './found.ts';
import type { Inheritance } from './lifecycle.ts';

/** Found routes that were accepted live, handed to the process that replaces this one. */
const ACCEPTED = 'SALLYPORT_ACCEPTED';

/** Only a successor reads them: an environment variable must not weaken a gate that somebody starts. */
export function handedRows(inheritance: Inheritance | null): readonly FoundRoute[] {
  const handed = process.env[ACCEPTED];
  delete process.env[ACCEPTED];
  if (inheritance === null || handed === undefined) return [];
  process.env[ACCEPTED] = handed;
  return JSON.parse(handed);
}

/** For the process that may replace this one. */
export function leaveRows(rows: readonly FoundRoute[]): void {
  process.env[ACCEPTED] = JSON.stringify(rows);
}
