import { parseRoute } from '../wire/pattern.ts';

/** What pages name things that only their owners ask for. */
const LAST = ['export', 'users', 'backup', 'debug', 'flags', 'keys', 'metrics', 'settings'];
const MOST = 16;

/**
 * Addresses under the decoys of a configuration, as a bundle would hold them: what stands open in a pattern is filled by
 * chance, another way in each build. Nothing in the script uses them.
 */
export function decoyPaths(decoys: readonly string[], seed: number): string[] {
  return decoys.slice(0, MOST).map((decoy, index) => {
    const word = LAST[(seed + index) % LAST.length] ?? 'export';
    return parseRoute(decoy)
      .pattern.split('/')
      .map((part) => (part === '**' ? word : part.startsWith(':') ? '1' : part.replaceAll('*', word)))
      .join('/');
  });
}
