import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBundle } from '../src/doors/bundle.ts';

/** Writes the script as pages get it, a file for each part. */
export async function writePageBundle(folder, wire = 'plain') {
  const { script, worker, chunks } = await buildBundle(wire);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ script, worker, ...chunks }))
    writeFileSync(join(folder, `${name}.js`), text);
}
