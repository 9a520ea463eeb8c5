import { runInNewContext } from 'node:vm';
import type { BuildNames } from '../wire/build.ts';

/**
 * Takes a build's names out of the page's script by running it: what a copier writes once, for all builds there will be
 * (docs/builds.md). The script hands its names to whoever waits for them, as it does to pages that are older than it.
 */
const WAITING = `
var found = '';
var self = { [Symbol.for('sallyport build')]: (names) => { found = JSON.stringify(names); } };
class TextEncoder {}
`;

/** Null for a script that has none, or does not run. Nothing of this process is in reach of it. */
export function readBuild(script: string): BuildNames | null {
  const context: object = Object.create(null);
  try {
    const text: unknown = runInNewContext(`${WAITING}${script};found`, context, { timeout: 10_000 });
    const names: unknown = typeof text === 'string' && text !== '' ? JSON.parse(text) : null;
    return isNames(names) ? names : null;
  } catch {
    return null;
  }
}

function isNames(value: unknown): value is BuildNames {
  return typeof value === 'object' && value !== null && 'members' in value && 'label' in value && 'tags' in value;
}
