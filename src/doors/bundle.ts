import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
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

/** `named`: for builds, whose wire has names of its own (src/browser/build); these stand before the script. */
export type Wire = 'plain' | 'named';

/** The bundle for this installation; the same promise every time. */
export function loadBundle(wire: Wire = 'plain'): Promise<Bundle> {
  const known = loaded.get(wire);
  if (known !== undefined) return known;
  const made = SOURCE ? bundleOfSources(wire) : readBundle(new URL(`../browser/${FOLDERS[wire]}/`, import.meta.url));
  loaded.set(wire, made);
  return made;
}

/** Folders of a published package, beside one another. */
export const FOLDERS: Readonly<Record<Wire, string>> = { plain: 'page', named: 'page-named' };

/** A run of many processes (`npm test`) builds once for all of them, and names the folder. */
function bundleOfSources(wire: Wire): Promise<Bundle> {
  const folder = process.env['SALLYPORT_PAGE_BUNDLE'] ?? '';
  return folder === '' || wire === 'named' ? buildBundle(wire) : readBundle(pathToFileURL(`${folder}${sep}`));
}

const loaded = new Map<Wire, Promise<Bundle>>();

/** Builds from source. Used by {@link loadBundle} in the checkout and by the packaging script. */
export async function buildBundle(wire: Wire = 'plain'): Promise<Bundle> {
  const folder = new URL('../browser/', import.meta.url);
  const chunkFolder = new URL('chunks/', folder);
  const names = (await readdir(chunkFolder)).filter((file) => file.endsWith('.ts')).sort();
  const [script, worker, ...chunks] = await Promise.all([
    build(new URL(wire === 'named' ? 'build/script.ts' : 'script.ts', folder), 'iife', wire),
    build(new URL('worker.ts', folder), 'iife', wire),
    ...names.map((file) =>
      build(
        wire === 'named' && file === 'sealed.ts' ? new URL('build/sealed.ts', folder) : new URL(file, chunkFolder),
        'esm',
        wire,
      ),
    ),
  ]);
  return {
    script,
    worker,
    chunks: Object.fromEntries(names.map((file, index) => [basename(file, '.ts'), chunks[index] ?? ''])),
  };
}

async function build(entry: URL, format: 'iife' | 'esm', wire: Wire): Promise<string> {
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
    plugins: wire === 'named' ? [named] : [],
  });
  return result.outputFiles[0]?.text.trim() ?? '';
}

/** In place of these modules come those of src/browser/build; `from` alone where others need the module as it is. */
const NAMED: readonly { readonly path: string; readonly from?: string; readonly to: string }[] = [
  { path: 'wire/entry.ts', from: 'browser/door.ts', to: 'entry.ts' },
  { path: 'browser/door.ts', to: 'door.ts' },
  { path: 'browser/proof.ts', to: 'proof.ts' },
  { path: 'browser/compact.ts', to: 'compact.ts' },
  { path: 'browser/fetch.ts', to: 'fetch.ts' },
  { path: 'browser/chunks/sealed.ts', to: 'sealed.ts' },
];

/** So the plain script is made of the very same files, and not a byte of it is for builds. */
const named: Plugin = {
  name: 'named',
  setup(builder) {
    const source = fileURLToPath(new URL('../', import.meta.url));
    const build = join(source, 'browser', 'build');
    builder.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, importer, resolveDir }) => {
      if (dirname(importer) === build) return undefined;
      const whole = join(resolveDir, path);
      const found = NAMED.find(
        (each) =>
          whole === join(source, each.path) && (each.from === undefined || importer === join(source, each.from)),
      );
      return found && { path: join(build, found.to) };
    });
  },
};

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
