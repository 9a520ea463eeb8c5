import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One for each Firefox that was ever used; `npm ci` takes them away. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/sallyport/firefox/', import.meta.url));

/** What belongs to one run of a browser, not to its profile. */
const LEFT_OUT = /^(?:lock|\.parentlock|cache2|sessionstore.*|sessionCheckpoints\.json)$/;

/**
 * A profile that nobody has used, for one launch: gone when this process ends. A Firefox that starts with an empty
 * one first compiles its own interface and makes its databases, which takes twice as long; so the profile of a first
 * launch, by `launchOnce`, is kept and copied.
 */
export async function freshProfile(
  executable: string,
  launchOnce: (profile: string) => Promise<void>,
): Promise<string> {
  const template = join(CACHE, `${basename(executable)}-${Math.trunc(statSync(executable).mtimeMs)}`);
  if (!existsSync(template)) await makeTemplate(template, launchOnce);
  const profile = mkdtempSync(join(tmpdir(), 'sallyport-firefox-'));
  process.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 3 }));
  copy(template, profile);
  return profile;
}

async function makeTemplate(template: string, launchOnce: (profile: string) => Promise<void>): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const used = mkdtempSync(join(CACHE, 'made-'));
  const kept = mkdtempSync(join(CACHE, 'kept-'));
  try {
    await launchOnce(used);
    copy(used, kept);
    renameSync(kept, template);
  } catch (error) {
    // Another process may have been sooner.
    if (!existsSync(template)) throw error;
  } finally {
    for (const folder of [used, kept]) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const copy = (from: string, to: string): void =>
  cpSync(from, to, { recursive: true, filter: (path) => !LEFT_OUT.test(basename(path)) });
