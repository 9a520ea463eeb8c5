import { readdir, readFile } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Bundle } from './script.ts';

/**
 * Where the page's script comes from. In a published package it was built beforehand (`dist/browser/page`); in the
 * checkout esbuild makes it in memory from `src/browser/script.ts`, so that there is no step to forget.
 *
 * The script is one classic script; it sees the configuration as the constant `__SALLYPORT__`. Every file of
 * `src/browser/chunks` becomes an ES module of its own, loaded by `import()` from the address in
 * `__SALLYPORT__.chunks`. Workers get one script that holds every part: service workers cannot load any later.
 */

const SOURCE = import.meta.url.endsWith('.ts');

/** The bundle for this installation; the same promise every time. */
export function loadBundle(): Promise<Bundle> {
  loaded ??= SOURCE ? bundleOfSources() : readBundle(new URL('../browser/page/', import.meta.url));
  return loaded;
}

/** A run of many processes (`npm test`) builds once for all of them, and names the folder. */
function bundleOfSources(): Promise<Bundle> {
  const folder = process.env['SALLYPORT_PAGE_BUNDLE'] ?? '';
  return folder === '' ? buildBundle() : readBundle(pathToFileURL(`${folder}${sep}`));
}

let loaded: Promise<Bundle> | undefined;

/** Builds from source. Used by {@link loadBundle} in the checkout and by the packaging script. */
export async function buildBundle(): Promise<Bundle> {
  const folder = new URL('../browser/', import.meta.url);
  const chunkFolder = new URL('chunks/', folder);
  const names = (await readdir(chunkFolder)).filter((file) => file.endsWith('.ts')).sort();
  const [script, worker, ...chunks] = await Promise.all([
    build(new URL('script.ts', folder), 'iife'),
    build(new URL('worker.ts', folder), 'iife'),
    ...names.map((file) => build(new URL(file, chunkFolder), 'esm')),
  ]);
  return {
    script,
    worker,
    chunks: Object.fromEntries(names.map((file, index) => [basename(file, '.ts'), chunks[index] ?? ''])),
  };
}

async function build(entry: URL, format: 'iife' | 'esm'): Promise<string> {
  // Imported here, because a published package has no need of it.
  const esbuild = await import('esbuild');
  const result = await esbuild.build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    minify: true,
    format,
    target: 'es2022',
    platform: 'browser',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
    conditions: ['@sallyport/source'],
  });
  return result.outputFiles[0]?.text.trim() ?? '';
}

async function readBundle(folder: URL): Promise<Bundle> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.js'));
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')));
  const byName = new Map(files.map((file, index) => [basename(file, '.js'), texts[index] ?? '']));
  const script = byName.get('script') ?? '';
  const worker = byName.get('worker') ?? '';
  byName.delete('script');
  byName.delete('worker');
  return { script, worker, chunks: Object.fromEntries(byName) };
}
