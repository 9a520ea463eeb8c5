import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NotRun } from './not-run.ts';

/**
 * URL of a package that an attacker would install and Sallyport does not: as installed beside this package, or in the
 * project where the command runs. Throws {@link NotRun} with the line that installs it where it is in neither.
 */
export function findPackage(name: string): string {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    try {
      return pathToFileURL(createRequire(from).resolve(name)).href;
    } catch {
      // Not there: the next place.
    }
  }
  throw new NotRun(`${name} is not installed (npm install --no-save ${name})`);
}
