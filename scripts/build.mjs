// `npm run build`: what the package ships besides its sources, in dist (or in the folder after --out).
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './command.mjs';
import { bundleLibrary } from './bundle-library.mjs';
import { fail, root } from './install.mjs';
import { writePageBundle } from './page-bundle.mjs';

const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } });
const out = resolve(values.out);

rmSync(out, { recursive: true, force: true });
await compile('tsconfig.build.json', []);
// The page's script has the DOM's types instead of Node's; its emit lands beside the rest.
await compile('src/browser/tsconfig.json', ['--noEmit', 'false', '--declaration', '--rootDir', join(root, 'src')]);

// So that an installed package needs no bundler.
await writePageBundle(join(out, 'browser', 'page'));
await writePageBundle(join(out, 'browser', 'page-named'), 'named');
await bundleLibrary({ folder: join(out, 'guard'), outdir: join(out, 'guard') });

async function compile(project, options) {
  const { code } = await run('tsc', ['-p', project, '--outDir', out, ...options]);
  if (code !== 0) fail(`Types do not hold in ${project}.`);
}
