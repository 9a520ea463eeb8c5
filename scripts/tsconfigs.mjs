import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install.mjs';

/** Every TypeScript project of the repository: the page's script and the frontends have their own. */
export function tsconfigs(folder = root, prefix = '') {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.')) continue;
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) found.push(...tsconfigs(join(folder, entry.name), `${path}/`));
    else if (entry.name === 'tsconfig.json') found.push(path);
  }
  return found.sort((a, b) => a.length - b.length);
}
