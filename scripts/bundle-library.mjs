// The schema library is the largest part of a guard's start, for the few pieces of it that the schema uses: the
// published package has these pieces beside the schema's modules.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './install.mjs';

/** The modules that use the library, in `src/guard` or where they are built. */
export const schemaModules = (folder) =>
  globSync('*.{js,ts}', { cwd: folder, exclude: ['*.d.ts'] }).filter((name) =>
    readFileSync(join(folder, name), 'utf8').includes("from 'zod"),
  );

/**
 * Writes the modules of the schema with the pieces that they share in a file of their own; their own neighbours stay
 * imports, named by `nameOf`.
 */
export async function bundleLibrary({ folder, outdir, nameOf = (path) => path }) {
  const license = readFileSync(join(root, 'node_modules', 'zod', 'LICENSE'), 'utf8').trim();
  await build({
    entryPoints: schemaModules(folder).map((name) => join(folder, name)),
    outdir,
    chunkNames: 'schema-library-[hash]',
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: `/*!\nContains parts of zod:\n\n${license}\n*/` },
    plugins: [
      { name: 'pieces', setup: (builder) => builder.onResolve({ filter: /.*/ }, (asked) => resolve(builder, asked)) },
    ],
  });

  async function resolve(builder, { path, importer, kind, resolveDir, pluginData }) {
    if (pluginData === 'resolved' || kind === 'entry-point') return undefined;
    if (!importer.includes('node_modules') && path.startsWith('.')) return { path: nameOf(path), external: true };
    // The output may lie anywhere; the library lies here.
    const from = path.startsWith('.') ? resolveDir : root;
    const found = await builder.resolve(path, { importer, kind, resolveDir: from, pluginData: 'resolved' });
    // Its modules do nothing on import, though its manifest says so of some only: what is not used can go.
    return { ...found, sideEffects: false };
  }
}
