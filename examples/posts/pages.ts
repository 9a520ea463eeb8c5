import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

const frontend = join(import.meta.dirname, 'frontend');

/**
 * Builds the frontend unless this very source has been built before. Returns the folder with its index.html. The
 * folder is named by the content of the source, so that a stale build is never served.
 */
export async function buildPages(): Promise<string> {
  const folder = join(frontend, 'dist', contentHash());
  if (existsSync(join(folder, 'index.html'))) return folder;
  const fresh = `${folder}.${process.pid}`;
  await build({
    root: frontend,
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: { outDir: fresh, emptyOutDir: true },
  });
  // Whoever comes second keeps the first one's build: they are the same.
  if (existsSync(folder)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, folder);
  return folder;
}

function contentHash(): string {
  const hash = createHash('sha256');
  const files = [
    'index.html',
    ...readdirSync(join(frontend, 'src'))
      .sort()
      .map((name) => `src/${name}`),
  ];
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(frontend, file)));
  return hash.digest('hex').slice(0, 16);
}
