import { createRequire } from 'node:module';
import { ConfigError } from '../guard/errors.ts';

/** How a build's texts are made hard to read. Part of their address: another recipe is another text. */
export interface Recipe {
  /** Version of javascript-obfuscator. */
  readonly version: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
}

/**
 * Strings in pieces, in another order, coded, and reached through functions; names without meaning. Left out is what makes
 * a page slow (control flow through tables, dead code), what a Content-Security-Policy forbids (`eval`), and what breaks
 * under a debugger: people debug their pages.
 */
const OPTIONS = Object.freeze({
  target: 'browser-no-eval',
  compact: true,
  simplify: true,
  identifierNamesGenerator: 'mangled',
  transformObjectKeys: true,
  splitStrings: true,
  splitStringsChunkLength: 6,
  stringArray: true,
  stringArrayThreshold: 1,
  stringArrayEncoding: ['base64'],
  stringArrayRotate: true,
  stringArrayShuffle: true,
  stringArrayCallsTransform: true,
  stringArrayWrappersCount: 1,
  stringArrayWrappersType: 'function',
  sourceMap: false,
  log: false,
});

/** Throws ConfigError with the line that installs it where the package is missing. */
export function recipeWith(seed: number): Recipe {
  const version = versionOf('javascript-obfuscator/package.json');
  if (version !== '') return { version, options: OPTIONS, seed };
  const rule = 'the package that makes builds is missing; npm install javascript-obfuscator';
  throw new ConfigError('config', [{ field: 'builds', value: 'set', rule }]);
}

/** The version that a manifest tells; '' where it cannot be found. */
export function versionOf(manifest: string): string {
  try {
    const found: unknown = createRequire(import.meta.url)(manifest);
    return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : '';
  } catch {
    return '';
  }
}
